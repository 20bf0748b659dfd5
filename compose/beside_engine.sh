#!/bin/sh
# Runs a command where the ports that the engine publishes on loopback are the command's own: here, unless this is a
# container of that engine's; then in another one beside it, with the same files, in the host's network.
#
# usage: beside_engine.sh COMMAND…
set -eu
me=$(cat /etc/hostname)
here=$(docker container inspect --format '{{.Image}}' "$me" 2>/dev/null) || exec "$@"

groups=''
for group in $(id -G); do groups="$groups --group-add=$group"; done
# shellcheck disable=SC2086  # each group is a word
exec docker run --rm --init --network=host --volumes-from="$me" --tmpfs=/tmp:exec \
    --user="$(id -u):$(id -g)" $groups --cap-drop=ALL --security-opt=no-new-privileges \
    --memory="${BESIDE_ENGINE_MEMORY:-2g}" --workdir="$PWD" --entrypoint='' \
    --env=HOME --env=PATH --env=TMPDIR --env=PYTEST_ADDOPTS --env=COVERAGE "$here" "$@"
