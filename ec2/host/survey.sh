#!/bin/sh
# What whoever sends images wants to know of this host first; a line per fact, and nothing is changed.
#
# usage: survey.sh
# Prints architecture, time, memory_kib, free_bytes of where Docker keeps images, a line "docker" with its
# complaint where it does not answer, and for each image a line: image ID NAME,NAME… LAYER,LAYER…
# After a boot the host answers before its engine does, which is waited for as long as ENGINE_WITHIN_SECONDS says.
set -eu
export LC_ALL=C
ENGINE_WITHIN_SECONDS=${ENGINE_WITHIN_SECONDS:-0}
ENGINE_LIMIT_SECONDS=30

main() {
    echo "architecture $(uname -m)"
    echo "time $(date +%s.%N)"
    awk '$1 == "MemTotal:" { print "memory_kib " $2 }' /proc/meminfo
    await_engine
    # Where the engine is away some clients complain and end well.
    if root=$(engine info --format '{{.DockerRootDir}}' 2>&1) && [ -d "$root" ]; then
        list_images
    else
        echo "docker $(echo "$root" | tail -n 1)"
        root=/
    fi
    echo "free_bytes $(df --output=avail --block-size=1 "$root" | tail -n 1 | tr -d ' ')"
}

engine() { timeout "$ENGINE_LIMIT_SECONDS" docker "$@"; }

await_engine() {
    deadline=$(($(seconds_up) + ENGINE_WITHIN_SECONDS))
    until [ "$(seconds_up)" -ge "$deadline" ] || engine version >/dev/null 2>&1; do sleep 1; done
}

# A clock may be set right meanwhile.
seconds_up() { cut --delimiter=. --fields=1 /proc/uptime; }

# How a template of Docker's has a list as one word.
listed() { echo "{{range \$number, \$one := $1}}{{if \$number}},{{end}}{{\$one}}{{end}}"; }

list_images() {
    ids=$(engine image ls --quiet --no-trunc | sort -u)
    [ -n "$ids" ] || return 0
    # shellcheck disable=SC2086 # one word per id
    engine image inspect --format "image {{.Id}} $(listed .RepoTags) $(listed .RootFS.Layers)" $ids \
        2>/dev/null || [ $? -eq 1 ] # an image that has just been removed
}

main
