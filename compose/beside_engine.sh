#!/bin/sh
# Runs a command where the ports that the engine publishes on loopback are the command's own: here, unless this is a
# container of that engine's; then in another one beside it, with the same files, in the host's network.
#
# usage: beside_engine.sh COMMAND…
set -eu
# A container may be called like this machine; engines leave one of the files in each of theirs.
[ -e /.dockerenv ] || [ -e /run/.containerenv ] || exec "$@"
me=$(cat /etc/hostname)
here=$(docker container inspect --format '{{.Image}}' "$me" 2>/dev/null) || exec "$@"

groups=''
for group in $(id -G); do groups="$groups --group-add=$group"; done
# shellcheck disable=SC2086  # each group is a word
exec docker run --rm --init --network=host --volumes-from="$me" --tmpfs=/tmp:exec \
    --user="$(id -u):$(id -g)" $groups --cap-drop=ALL --security-opt=no-new-privileges \
    --memory="${BESIDE_ENGINE_MEMORY:-2g}" --workdir="$PWD" --entrypoint='' \
    --env=HOME --env=PATH --env=TMPDIR --env=CA_BUNDLE --env=AWS_ENDPOINT_URL --env=STACK_FILE --env=PYTEST_ADDOPTS \
    --env=COVERAGE --env=HTTP_PROXY --env=HTTPS_PROXY --env=NO_PROXY --env=http_proxy --env=https_proxy --env=no_proxy \
    "$here" "$@"
