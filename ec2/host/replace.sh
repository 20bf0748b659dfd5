#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# Replace the other services that the release changes.
#
# usage: replace.sh ROOT ID
alone
# shellcheck disable=SC2046  # the names are words
replace $(to_replace)
