#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# Put a release on the host and start its new side; whoever uses the stack notices nothing.
#
# usage: prepare.sh ROOT ID sent|kept RECORD FIRST [FOLDER UID GID]… <ARCHIVE
# A release that was kept comes with no archive. RECORD is the ledger's line; the services in FIRST are those that
# the new side needs.
alone
source=$1 record=$2 first=$3
shift 3
if [ "$source" = sent ]; then
    tar --extract --same-owner --same-permissions --directory /
    name_docker_group
elif ! [ -e "$folder/services" ]; then
    echo "the release $id is not kept on this host" >&2
    exit 1
fi
current >"$folder/previous"
while [ $# -gt 0 ]; do
    install --directory --owner="$2" --group="$3" --mode=0700 "$1"
    shift 3
done
write_down "$record"
(cd "$folder" && docker compose config --hash '*') >"$folder/hashes"
# shellcheck disable=SC2046  # the names are words
replace $(to_replace | grep --line-regexp --fixed-strings "$(printf '%s' "$first" | tr ' ' '\n')" || true)
fill_slot
