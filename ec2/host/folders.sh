#!/bin/sh
# Have folders for data, each for the user who writes there.
#
# usage: folders.sh [FOLDER UID GID]…
set -eu
while [ $# -gt 0 ]; do
    install --directory --owner="$2" --group="$3" --mode=0700 "$1"
    shift 3
done
