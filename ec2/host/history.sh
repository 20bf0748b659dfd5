#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# What was deployed here, and what may be rolled back to: lines "serves ID", "kept ID", and those of the ledger.
#
# usage: history.sh ROOT ""
printf 'serves %s\n' "$(current)"
for release in "$root"/releases/*/activated; do
    [ -e "$release" ] || continue
    release=${release%/activated}
    printf 'kept %s\n' "${release##*/}"
done
cat "$root/ledger" 2>/dev/null || true
