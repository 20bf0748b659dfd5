#!/bin/sh
# Bring the database up to date, then become gunicorn. A stop takes effect at once, also while waiting.
set -eu
: "${DATABASE_URL:?is needed, like mysql+mysqldb://microblog@mariadb/microblog}"
: "${SECRET_KEY_FILE:?is needed: the file with the key that signs sessions}"

trap 'kill "$preparation"; exit 143' INT TERM
env --unset=PROMETHEUS_MULTIPROC_DIR flask --app microblog prepare &
preparation=$!
wait "$preparation"
trap - INT TERM

# Measurements of processes that are gone would be added to those of the new ones.
rm -rf "$PROMETHEUS_MULTIPROC_DIR"
mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
exec "$@"
