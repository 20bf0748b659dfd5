#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# The files of releases that are kept here, each line after its release and the file's name.
#
# usage: contents.sh ROOT "" ID…
for release in "$@"; do
    for file in "$root/releases/$release"/*.yaml "$root/releases/$release/.env"; do
        # awk ends also a last line that does not.
        if [ -e "$file" ]; then awk -v said="$release ${file##*/}" '{ print said, $0 }' "$file"; fi
    done
done
