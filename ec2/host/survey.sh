#!/bin/sh
# What whoever sends images wants to know of this host first; a line per fact, and nothing is changed.
#
# usage: survey.sh
# Prints architecture, time, memory_kib, free_bytes of where Docker keeps images, a line "docker" with its
# complaint where it does not answer, and for each image a line: image ID NAME,NAME… LAYER,LAYER…
set -eu
export LC_ALL=C
ENGINE_LIMIT_SECONDS=30

main() {
    echo "architecture $(uname -m)"
    echo "time $(date +%s.%N)"
    awk '$1 == "MemTotal:" { print "memory_kib " $2 }' /proc/meminfo
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
