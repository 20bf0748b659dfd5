#!/bin/sh
# Bring the database up to date, then become gunicorn. A stop takes effect at once, also while waiting.
set -eu
: "${DATABASE_URL:?is needed, like mysql+mysqldb://microblog@mariadb/microblog}"
: "${SECRET_KEY_FILE:?is needed: the file with the key that signs sessions}"

trap 'kill "$preparation"; exit 143' INT TERM
flask --app microblog prepare &
preparation=$!
wait "$preparation"
trap - INT TERM

# nginx serves the assets of every release that served in the last month: a page that is open outlives an update.
# Whoever serves says so once an hour (assets.keep). What is hidden, such as the mark of maintenance, is no asset.
for file in /app/assets/*; do
    name=${file##*/}
    cp --preserve=mode "$file" "/assets/.$name" && mv "/assets/.$name" "/assets/$name"
done
find /assets -type f ! -name '.*' -mtime +30 -delete

# Only gunicorn's processes share their measurements, and those of processes that are gone would be added to
# the new ones.
export PROMETHEUS_MULTIPROC_DIR=/run/microblog/metrics
rm -rf "$PROMETHEUS_MULTIPROC_DIR"
mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
exec "$@"
