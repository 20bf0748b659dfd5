#!/bin/sh
# What the tests need of this machine beyond Docker and Python: HTTP clients that are not ours, for load, and
# Jenkins' dialect of Groovy.
#
# Safe to run twice: where everything is there, nothing is touched. Exit 1: the last line says what to do.
set -eu

missing=''
for pair in ab:apache2-utils groovy:groovy wrk:wrk; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0

become_root=''
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        printf 'tests:%s is not installed\ntry: as root, apt-get install%s\n' "$missing" "$missing" >&2
        exit 1
    fi
    become_root=sudo
fi
printf 'tests: installing%s\n' "$missing" >&2
$become_root apt-get update --quiet >/dev/null
# shellcheck disable=SC2086  # the names are words
$become_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends $missing >/dev/null
