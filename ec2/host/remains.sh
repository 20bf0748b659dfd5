#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# What is left behind a deployment, whether it succeeded or not.

# So many releases stay, with their images: rolling back to one sends nothing.
KEPT=5
# Two for each deployment.
LEDGER_LINES=400
# Where node_exporter finds what is not its own.
TEXTFILES=${TEXTFILES:-/var/lib/prometheus/node-exporter}

remove_other_services() {
    docker ps --all --filter "label=com.docker.compose.project=$PROJECT" \
        --format '{{.ID}} {{.Label "com.docker.compose.service"}}' | while read -r container service; do
        if ! grep --quiet --line-regexp --fixed-strings "$service" "$folder/services" 2>/dev/null; then
            docker stop "$container" >/dev/null
            docker rm --force "$container" >/dev/null
        fi
    done
}

forget_old_releases() {
    # shellcheck disable=SC2012  # names of releases are plain words, and find has no order of time
    keep=$(ls -1t "$root"/releases/*/activated 2>/dev/null | head -n "$KEPT" | xargs -r -n 1 dirname)
    for release in "$root"/releases/*/; do
        release=${release%/}
        printf '%s\n' "$keep" "$folder" | grep --quiet --line-regexp --fixed-strings "$release" || rm -r "$release"
    done
    for secrets in "$root"/secrets/*/; do
        grep --quiet --fixed-strings "${secrets%/}" "$root"/releases/*/.env 2>/dev/null || rm -rf "$secrets"
    done
}

# By its names alone: an image loses its last name and goes, or is somebody else's and stays.
forget_old_images() {
    docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "reference=$PROJECT/*" | while read -r name; do
        case $name in *'<none>'*) continue ;; esac
        grep --quiet --fixed-strings "\"$name\"" "$root"/releases/*/compose.images.yaml 2>/dev/null ||
            docker rmi "$name" >/dev/null 2>&1 || true
    done
    # Under these names images came.
    docker image ls --digests --format '{{.Repository}}@{{.Digest}}' --filter "reference=127.0.0.1:*/$PROJECT/*" |
        xargs -r docker rmi >/dev/null 2>&1 || true
}

# DEPLOYMENTS is deployments.py.
write_down() {
    # A full disk keeps nobody from going on.
    python3 -c "$DEPLOYMENTS" "$TEXTFILES/deployments.prom" "$1" 2>/dev/null || true
    { printf '%s\n' "$1" >>"$root/ledger"; } 2>/dev/null || return 0
    { tail -n "$LEDGER_LINES" "$root/ledger" >"$root/ledger.new" && mv "$root/ledger.new" "$root/ledger"; } || true
}

# Leave nothing of what does not serve but the last releases.
clear_up() {
    if [ -n "$id" ]; then empty_slots; fi
    remove_other_services
    forget_old_releases
    forget_old_images
    forgive
}
