#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# Have the release serve; what served before stands by.
#
# usage: switch.sh ROOT ID
alone
switch_slots
touch "$folder/activated"
lead_to_release
