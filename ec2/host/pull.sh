#!/bin/sh
# Have images here under their names: pull those that are not, and check that each is the one that was built.
#
# usage: pull.sh ADDRESS [NAME ID DIGEST]…
# Prints the names that were pulled. ADDRESS is a registry; an image is asked for by its digest alone.
set -eu
address=$1
shift
while [ $# -gt 0 ]; do
    name=$1 id=$2 digest=$3
    shift 3
    if docker image inspect "$id" >/dev/null 2>&1; then
        docker tag "$id" "$name"
    else
        echo "pulling $name" >&2
        # A deployment that was killed has left a pull behind: Docker would wait for what that one waits for.
        left_behind="^docker pull --quiet 127\.0\.0\.1:[0-9]+/${name%%/*}/"
        while pkill --full "$left_behind"; do sleep 0.1; done
        docker pull --quiet "$address/${name%:*}@$digest" >/dev/null
        docker tag "$address/${name%:*}@$digest" "$name"
        # Nobody listens there tomorrow.
        docker rmi "$address/${name%:*}@$digest" >/dev/null
        echo "$name"
    fi
    got=$(docker image inspect --format '{{.Id}}' "$name")
    [ "$got" = "$id" ] || { echo "$name is $got, not $id" >&2; exit 1; }
done
