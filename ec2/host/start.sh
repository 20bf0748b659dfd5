#!/bin/sh
# Have the services of a release run, and wait until all are healthy; what differs from before is replaced.
#
# usage: start.sh RELEASE CURRENT SECONDS LINES SERVICE…
# Exit 0: CURRENT is this release. Exit 1: it is what it was, and each service that is not well has said its last.
set -u

release=$1 current=$2 seconds=$3 lines=$4
shift 4
cd "$release" || exit 1
# What go_back.sh starts again: not those of the profiles that are left out.
printf '%s\n' "$@" >services
said=$(mktemp)
trap 'rm -f "$said"' EXIT

if docker compose up --detach --no-build --remove-orphans --wait --wait-timeout "$seconds" "$@" 2>"$said"; then
    ln --symbolic --force --no-dereference "$release" "$current"
    exit 0
fi

tail -n 3 "$said" >&2
docker compose ps --all --format '{{.Service}} {{.State}} {{.Health}}' |
    while read -r service state health; do
        case $state/$health in running/healthy | running/) continue ;; esac
        echo "$service is $state${health:+, $health}:" >&2
        docker compose logs --no-color --no-log-prefix --tail "$lines" "$service" 2>&1 | sed 's/^/    /' >&2
    done
exit 1
