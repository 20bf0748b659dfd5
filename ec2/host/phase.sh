#!/bin/sh
# The words that every part of provisioning uses. Progress goes to standard error, changes to standard output.
set -eu
umask 022
LOCK_LIMIT_SECONDS=300
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

say() { printf '%s\n' "$*" >&2; }

# One line per change: nothing printed is nothing changed.
changed() { printf '%s\n' "$*"; }

fail() {
    say "$1"
    say "try: $2"
    exit 1
}

# Have standard input as the file's content; true when that changed it.
put() {
    [ -d "${1%/*}" ] || mkdir -p "${1%/*}"
    # Everything is checked by hand: the shell does not, where somebody asks for the outcome.
    if ! { new=$(mktemp "$1.XXXXXX") && cat >"$new" && chmod "${2:-0644}" "$new"; }; then
        rm --force "${new:-}"
        fail "$1 could not be written" "look for space on the host with 'df'"
    fi
    if cmp --quiet "$new" "$1"; then
        rm "$new"
        return 1
    fi
    mv "$new" "$1" || fail "$1 could not be replaced" "look at it on the host"
    changed "file $1"
}

# Have the folder with that mode.
folder() {
    if [ "$(stat --format '%a' "$1" 2>/dev/null)" = "$2" ]; then return; fi
    mkdir -p "$1"
    chmod "$2" "$1"
    changed "folder $1"
}

# Wait for apt's locks: a first boot, or the nightly upgrades, have them for a while.
patiently() {
    waited=0
    output=$(mktemp)
    until "$@" >"$output" 2>&1; do
        if ! grep --quiet 'Could not get lock' "$output" || [ "$waited" -ge "$LOCK_LIMIT_SECONDS" ]; then
            cat "$output" >&2
            fail "'$*' failed" 'mend what the lines above say, then repeat the command'
        fi
        if [ "$waited" -eq 0 ]; then say "waiting: $(grep 'Could not get lock' "$output" | tail -n 1)"; fi
        sleep 2
        waited=$((waited + 2))
    done
    rm "$output"
}
