#!/bin/sh
# debian:trixie-slim from distribution packages, for a machine that no container registry answers.
#
# usage: build.sh IMAGE
# Needs root and Debian's or Ubuntu's apt. The same package set gives the same layer, byte for byte, so
# rebuilding rebuilds nothing above it.
# shellcheck disable=SC2016  # the hooks' $1 is mmdebstrap's
set -eu

image=$1
export DEBIAN_FRONTEND=noninteractive
# One fixed moment for every file: a layer's digest then depends on its content alone.
export SOURCE_DATE_EPOCH=1754697600

if ! command -v mmdebstrap >/dev/null; then
    apt-get update --quiet >/dev/null
    apt-get install --yes --quiet --no-install-recommends mmdebstrap debian-archive-keyring >/dev/null
fi

layer=$(mktemp --suffix=.tar)
trap 'rm -f "$layer"' EXIT

# What the official slim image leaves out: documentation, manual pages and translations.
mmdebstrap --quiet --variant=minbase --include=ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --dpkgopt='path-exclude=/usr/share/linda/*' \
    --dpkgopt='path-exclude=/usr/share/groff/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --aptopt='Acquire::Languages "none"' \
    --aptopt='Apt::AutoRemove::SuggestsImportant "false"' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/cache/debconf/*-old' \
    --customize-hook='rm -f "$1"/var/log/*.log "$1"/var/log/apt/* "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/var/cache/ldconfig/aux-cache' \
    trixie "$layer"

docker import --change 'CMD ["bash"]' --message 'mmdebstrap trixie minbase' "$layer" "$image" >/dev/null
