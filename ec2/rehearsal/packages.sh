#!/bin/sh
# What the local EC2 needs of this machine beyond Docker and Python: packet filter rules, SSH, disks, and
# more of what watches files than a kernel gives away by itself.
#
# Safe to run twice: where everything is there, nothing is touched. Exit 1: the last line says what to do.
set -eu

# Each host takes up to eight, of 128 that all of root's processes share.
WATCHERS=1024
SETTINGS=/etc/sysctl.d/50-rehearsal.conf

missing=''
for pair in nft:nftables ip:iproute2 sysctl:procps ssh:openssh-client losetup:mount mkfs.ext4:e2fsprogs; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
watchers=$(cat /proc/sys/fs/inotify/max_user_instances)
[ -n "$missing" ] || [ "$watchers" -lt "$WATCHERS" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    printf 'rehearsal: not all that it needs is here\ntry: sudo sh %s\n' "$0" >&2
    exit 1
fi
if [ -n "$missing" ]; then
    printf 'rehearsal: installing%s\n' "$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet >/dev/null
    # shellcheck disable=SC2086  # the names are words
    apt-get install --yes --quiet --no-install-recommends $missing >/dev/null
fi
if [ "$watchers" -lt "$WATCHERS" ]; then
    printf 'rehearsal: %s inotify instances instead of %s, in %s\n' "$WATCHERS" "$watchers" "$SETTINGS" >&2
    mkdir -p "${SETTINGS%/*}"
    printf '# Each host of the local EC2 takes some.\nfs.inotify.max_user_instances = %s\n' "$WATCHERS" >"$SETTINGS"
    PATH="$PATH:/usr/sbin:/sbin" sysctl --quiet --load "$SETTINGS"
fi
