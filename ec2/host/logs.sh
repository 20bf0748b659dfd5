#!/bin/sh
# Print the logs of services, each line with its time, and end when nobody listens any more.
#
# usage: logs.sh PROJECT [OPTION]… SERVICE…
# An empty line now and then: only who writes learns that the connection is gone.
set -u

BETWEEN_SIGNS_SECONDS=5
project=$1
shift

trap '' PIPE
docker compose --project-name "$project" logs --timestamps --no-color "$@" &
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
