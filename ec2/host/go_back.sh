#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# Have this host run what it ran before the release ID came; one that ran nothing runs nothing again.
#
# usage: go_back.sh ROOT ID RECORD
alone
await_engine
id=$(cat "$folder/previous" 2>/dev/null || current)
folder=$root/releases/$id
if [ -n "$id" ]; then
    # shellcheck disable=SC2046  # the names are words
    replace $(to_replace)
    fill_slot
    switch_slots
    lead_to_release
else
    rm --force "$root/current"
fi
write_down "$1"
clear_up
