#!/bin/sh
# Reads a tar archive of dpkg status files, one per image, and says which security updates each image lacks.
#
# Prints "NAME" for an image that was looked at and "NAME<TAB>package old -> new" for each pending update.
# Exit 3: a package source does not answer; 1: apt cannot work with a list. Then nothing is known.
set -eu
export LC_ALL=C
cd /tmp
mkdir status lists cache
tar --extract --directory status
set -- -o Dir::State::lists=/tmp/lists -o Dir::Cache=/tmp/cache -o APT::Sandbox::User= -o Debug::NoLocking=true
# Without the mode a source that does not answer is a warning.
apt-get "$@" -o APT::Update::Error-Mode=any -o Acquire::Retries=1 -o Acquire::http::Timeout=20 update >/dev/null || exit 3
for file in status/*; do
    name=${file#status/}
    # In a pipe a failure of apt's would be lost, and no update would be pending.
    apt-get "$@" -o Dir::State::status="/tmp/$file" --simulate dist-upgrade >simulation || exit 1
    printf '%s\n' "$name"
    awk -v name="$name" '/^Inst / && /Debian-Security/ {
        old = $3; new = $4
        gsub(/[][()]/, "", old); gsub(/[][()]/, "", new)
        printf "%s\t%s %s -> %s\n", name, $2, old, new
    }' simulation
done
