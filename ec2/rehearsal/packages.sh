#!/bin/sh
# What the local EC2 needs of this machine beyond Docker and Python: packet filter rules, SSH, disks.
#
# Safe to run twice: where everything is there, nothing is touched. Exit 1: the last line says what to do.
set -eu

missing=''
for pair in nft:nftables ip:iproute2 ssh:openssh-client losetup:mount mkfs.ext4:e2fsprogs; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    printf 'rehearsal:%s is not installed\ntry: sudo apt-get install%s\n' "$missing" "$missing" >&2
    exit 1
fi
printf 'rehearsal: installing%s\n' "$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet >/dev/null
# shellcheck disable=SC2086  # the names are words
apt-get install --yes --quiet --no-install-recommends $missing >/dev/null
