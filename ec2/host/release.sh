#!/bin/sh
# The words that every step of a roll-out uses. A step is given ROOT and the id of a release, where
#   ROOT/releases/ID/  is a release: compose files, .env, `services` that run here, `hashes` of what they run by
#   ROOT/current       leads to the release that serves
#   ROOT/ledger        has a line for each deployment that began here, and one for how it ended
# A container has its service's hash as a label, so it is known which release it belongs to.
set -eu
export LC_ALL=C
root=$1 id=$2
shift 2
folder=$root/releases/$id
HEALTHY_WITHIN_SECONDS=${HEALTHY_WITHIN_SECONDS:-240}
ENGINE_WITHIN_SECONDS=60
LOG_LINES=8
# In memory: a step must be possible on a full disk.
STEP=${STEP:-/run/stack.step}
PROJECT=${COMPOSE_PROJECT_NAME:-microblog}

# No other step runs meanwhile: one whose launcher is gone is ended.
alone() {
    exec 9>>"$STEP"
    until flock --nonblock 9; do
        kill -- "-$(cat "$STEP")" 2>/dev/null || true
        sleep 0.1
    done
    echo "$$" >"$STEP"
}

# After a boot the host answers before its engine does.
await_engine() {
    tries=$ENGINE_WITHIN_SECONDS
    until docker version >/dev/null 2>&1; do
        if [ "$tries" -eq 0 ]; then docker version >/dev/null; fi
        sleep 1
        tries=$((tries - 1))
    done
}

# Each host numbers its groups itself; the Jenkins agent needs the one that may use the engine.
name_docker_group() {
    printf "DOCKER_GID='%s'\n" "$(stat --format=%g /var/run/docker.sock)" >>"$folder/.env"
}

# The release that serves; nothing before the first one.
current() { basename "$(readlink "$root/current" || true)"; }

lead_to_release() {
    [ "$(current)" != "$id" ] || return 0
    ln --symbolic --force --no-dereference "$folder" "$root/next"
    mv --no-target-directory "$root/next" "$root/current"
}

# The hash of a service in a release; nothing where it does not run.
hash_of() { awk -v name="$2" '$1 == name { print $2 }' "$root/releases/$1/hashes" 2>/dev/null || true; }

# SERVICE ID HASH STATE HEALTH of each container, the oldest first: one question to Docker, since each costs a small
# host a twentieth of a second.
listed() {
    docker ps --all --no-trunc --filter "label=com.docker.compose.project=$PROJECT" --format \
        '{{.Label "com.docker.compose.service"}} {{.ID}} {{.Label "com.docker.compose.config-hash"}} {{.State}} {{.Status}}' |
        tac | awk '{
            health = "healthy"
            if (/\(unhealthy\)$/) health = "unhealthy"
            if (/\(health: starting\)$/) health = "starting"
            print $1, $2, $3, $4, health
        }'
}

# ID HASH STATE HEALTH of each container of a service.
containers() { listed | awk -v service="$1" '$1 == service { print $2, $3, $4, $5 }'; }

# The container of a service that runs by a hash; nothing when there is none.
running() { containers "$1" | awk -v hash="$2" '$2 == hash && $3 == "running" { print $1; exit }'; }

# The services of the release that do not run well by it; the microblog has its own way.
to_replace() {
    listed | awk -v hashes="$folder/hashes" -v services="$folder/services" '
        BEGIN { while ((getline line < hashes) > 0) { split(line, part, " "); wanted[part[1]] = part[2] } }
        $3 == wanted[$1] && $4 == "running" && $5 == "healthy" { well[$1] = 1 }
        END {
            while ((getline service < services) > 0)
                if (service != "microblog" && !well[service]) print service
        }'
}

# Have services run by the release, replacing what differs, and wait until they are healthy.
replace() {
    [ $# -gt 0 ] || return 0
    printf 'starting %s\n' "$*" >&2
    said=$STEP.said
    if (cd "$folder" && docker compose up --detach --no-build --no-deps --wait \
        --wait-timeout "$HEALTHY_WITHIN_SECONDS" "$@") 2>"$said"; then
        rm "$said"
        return 0
    fi
    tail -n 3 "$said" >&2
    rm "$said"
    for service in "$@"; do
        containers "$service" | while read -r container _ state health; do
            [ "$state/$health" = running/healthy ] || last_words "$service" "$container"
        done
    done
    return 1
}

# What a container that is not well said last.
last_words() {
    docker inspect --format "$1 is {{.State.Status}}{{if .State.Health}}, {{.State.Health.Status}}{{end}}\
{{if .State.ExitCode}}, exit status {{.State.ExitCode}}{{end}}{{if .State.OOMKilled}}, out of memory{{end}}:" \
        "$2" >&2
    docker logs --tail "$LOG_LINES" "$2" 2>&1 | sed 's/^/    /' >&2
    docker inspect --format '{{if .State.Health}}{{range .State.Health.Log}}{{.Output}}{{end}}{{end}}' "$2" |
        grep . | tail -n 1 | sed 's/^/    its health check: /' >&2 || true
}
