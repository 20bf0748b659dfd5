#!/bin/sh
# Print the logs of services, each line with its time, and end when nobody listens any more.
#
# usage: logs.sh PROJECT follow|now SINCE TAIL SERVICE…
# An empty line now and then: only who writes learns that the connection is gone.
set -u

BETWEEN_SIGNS_SECONDS=5
export COMPOSE_PROJECT_NAME="$1"
until=$2 since=$3 tail=$4
shift 4
now=$(date --utc +%Y-%m-%dT%H:%M:%S.%NZ)

# Of a container that comes later Compose shows the last lines, too, counted when it finds it: whatever comes
# is asked for without a number.
print_past() {
    docker compose logs --timestamps --no-color ${since:+--since "$since"} --tail "$tail" "$@"
}
trap '' PIPE
{
    if [ "$until" = follow ]; then
        print_past --until "$now" "$@"
        exec docker compose logs --timestamps --no-color --follow --since "$now" "$@"
    fi
    print_past "$@"
} &
logs=$!
{
    while echo; do sleep "$BETWEEN_SIGNS_SECONDS" >/dev/null; done
    kill "$logs"
} 2>/dev/null &
signs=$!
wait "$logs"
status=$?
kill "$signs"
exit "$status"
