#!/bin/sh
# Have this host run what it ran before the roll-out; one that ran nothing runs nothing again.
#
# usage: go_back.sh CURRENT PROJECT
set -eu

if [ -e "$1/compose.yaml" ]; then
    cd "$1"
    # shellcheck disable=SC2046  # the names are words
    docker compose up --detach --no-build --remove-orphans --wait $(cat services)
else
    docker ps --all --quiet --filter "label=com.docker.compose.project=$2" | xargs -r docker rm --force >/dev/null
fi
