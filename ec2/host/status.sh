#!/bin/sh
# Say how this host is: a fact per line, tabs between its words. What cannot be found out is left out.
#
# usage: status.sh PROJECT CURRENT LINES [MOUNT_POINT]…
# Of each container that is not well the last LINES lines follow it.
set -u

project=$1 current=$2 lines=$3
shift 3
DOCKER_LIMIT_SECONDS=10
TAB='	'
CONTAINER='{{.Id}}{{"\t"}}{{index .Config.Labels "com.docker.compose.service"}}{{"\t"}}{{index .Config.Labels "com.docker.compose.container-number"}}{{"\t"}}{{.State.Status}}{{"\t"}}{{if .State.Health}}{{.State.Health.Status}}{{else}}-{{end}}{{"\t"}}{{if .State.Running}}{{.State.StartedAt}}{{else}}{{.State.FinishedAt}}{{end}}{{"\t"}}{{.State.ExitCode}}{{"\t"}}{{.Config.Image}}'

main() {
    say_release
    say_machine
    for at in / "$@"; do say_disk "$at"; done
    say_containers
    say_alerts
}

fact() (
    IFS=$TAB
    printf '%s\n' "$*"
)

say_release() {
    [ -e "$current/compose.yaml" ] || return 0
    fact release "$(basename "$(readlink --canonicalize "$current")")"
    sed --quiet "s/^LEFT_OUT='\(.*\)'$/left_out\t\1/p" "$current/.env"
    sed 's/^/expected\t/' "$current/services" 2>/dev/null
}

say_machine() {
    # Of this boot; a container's uptime would be its machine's.
    started=$(systemctl show --property=UserspaceTimestamp --value --timestamp=unix)
    fact since "${started#@}"
    awk '/^MemTotal:/ { total = $2 } /^MemAvailable:/ { left = $2 }
        END { printf "memory\t%.0f\t%.0f\n", total * 1024, (total - left) * 1024 }' /proc/meminfo
    read -r one five fifteen _ </proc/loadavg
    fact load "$one" "$five" "$fifteen"
    fact processors "$(nproc)"
}

say_disk() {
    if ! mountpoint --quiet "$1"; then
        fact unmounted "$1"
        return
    fi
    df --block-size=1 --output=size,used "$1" | tail -n 1 |
        while read -r size used; do fact disk "$1" "$size" "$used"; done
}

say_containers() {
    if ! ids=$(timeout "$DOCKER_LIMIT_SECONDS" docker ps --all --no-trunc --quiet \
        --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False 2>&1); then
        fact problem "Docker does not answer: $(printf '%s' "${ids:-it was silent for $DOCKER_LIMIT_SECONDS s}" | tail -n 1)"
        return
    fi
    [ -n "$ids" ] || return 0
    # shellcheck disable=SC2086  # the ids are words
    docker inspect --format "$CONTAINER" $ids 2>/dev/null |
        while IFS=$TAB read -r id service number state health rest; do
            fact container "$id" "$service" "$number" "$state" "$health" "$rest"
            case $state/$health in running/healthy | running/-) continue ;; esac
            docker logs --tail "$lines" "$id" 2>&1 | sed 's/^/log\t/'
        done
}

# What fires, where Prometheus is: severity and summary, what is critical first.
say_alerts() {
    [ -n "$(docker ps --quiet --filter "label=com.docker.compose.project=$project" \
        --filter label=com.docker.compose.service=prometheus 2>/dev/null)" ] || return 0
    python3 - <<'PYTHON' || fact problem "Prometheus does not say which alerts fire"
import json
import urllib.request

with urllib.request.urlopen("http://127.0.0.1:9090/api/v1/alerts", timeout=5) as answer:
    alerts = json.load(answer)["data"]["alerts"]
fired = {
    (alert["labels"]["severity"], alert["annotations"]["summary"]) for alert in alerts if alert["state"] == "firing"
}
for severity, summary in sorted(fired):
    if severity in ("critical", "warning"):
        print("alert", severity, " ".join(summary.split()), sep="\t")
PYTHON
}

main "$@"
