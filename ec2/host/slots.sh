#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# The microblog's two slots: for the time of an update its new container runs beside the old one, and a valve in
# each decides which of them takes new connections. nginx knows both by one name and passes on at once what one
# refuses, so neither opening nor closing a valve is noticed by anybody.
PORT=8000
POLL_SECONDS=0.2
CRASHES=3
# For so long nginx may believe that an address is still the microblog's: its resolver counts whole seconds, so its one
# may be nearly two.
BELIEVED_MILLISECONDS=2200

# A valve is closed by a rule in the container's own network: whoever connects is refused; whoever is connected,
# and the container's own health check, goes on. A container that starts again has it open.
valve() {
    position=$1
    inside="nsenter --target $(docker inspect --format '{{.State.Pid}}' "$2") --net iptables --wait"
    rule="INPUT ! --in-interface lo --protocol tcp --dport $PORT --syn --jump REJECT --reject-with tcp-reset"
    # shellcheck disable=SC2086  # both are words
    if $inside --check $rule 2>/dev/null; then
        [ "$position" = closed ] || $inside --delete $rule
    else
        [ "$position" = open ] || $inside --insert $rule
    fi
}

# Have nginx be refused at once by a container's addresses, also when nobody has them any more: it would wait for
# an answer there for as long as it believes in them.
shun() {
    for address in $(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$1"); do
        at_nginx --append OUTPUT --destination "$address" --protocol tcp --dport "$PORT" --syn --jump REJECT
    done
}

shun_nobody() { at_nginx --flush OUTPUT; }

# Docker's own rules there are in another table.
at_nginx() {
    containers nginx | awk '$3 == "running" { print $1 }' | while read -r nginx; do
        nsenter --target "$(docker inspect --format '{{.State.Pid}}' "$nginx")" --net iptables --wait "$@"
    done
}

# Have the microblog's new container run beside the one that serves, its valve closed, until it is healthy.
fill_slot() {
    wanted=$(hash_of "$id" microblog)
    [ -n "$wanted" ] || return 0
    clear_slots "$wanted" "$(hash_of "$(current)" microblog)"
    if [ -z "$(running microblog "$wanted")" ]; then
        others=$(containers microblog | wc -l)
        printf 'starting microblog%s\n' "$([ "$others" -eq 0 ] || echo ' beside the one that serves')" >&2
        (cd "$folder" && docker compose --progress quiet up --detach --no-build --no-deps --no-recreate \
            --scale "microblog=$((others + 1))" microblog) >&2
        if [ "$others" -gt 0 ]; then keep_out "$(running microblog "$wanted")"; fi
    fi
    await "$wanted"
}

# Nobody connects to a new container until its valve is opened; before it listens, which takes it a second. What has
# ended already has no valve, and await says why it ended.
keep_out() {
    [ -n "$1" ] || return 0
    valve closed "$1"
    shun "$1"
}

# Remove what neither serves nor is wanted, such as the new container of a deployment that was broken off.
clear_slots() {
    containers microblog | while read -r container hash state _; do
        case $hash/$state in
            "$1/running" | "$2/running") ;;
            *) shun "$container" && docker rm --force "$container" >/dev/null ;;
        esac
    done
}

await() {
    tries=$((HEALTHY_WITHIN_SECONDS * 5)) before=0 new=yes
    if [ "$1" = "$(hash_of "$(current)" microblog)" ]; then new=no before=''; fi
    container=$(containers microblog | awk -v hash="$1" '$2 == hash { print $1; exit }')
    if [ -z "$container" ]; then echo 'the container of microblog is gone' >&2 && return 1; fi
    while [ "$tries" -gt 0 ]; do
        seen=$(docker inspect --format '{{.RestartCount}} {{.State.Health.Status}}/{{.State.Running}}' "$container")
        restarts=${seen% *}
        case ${seen#* } in
            healthy/true) return 0 ;;
            unhealthy/*) break ;;
        esac
        # What serves may have started again long ago.
        if [ "$restarts" -ge $((${before:=$restarts} + CRASHES)) ]; then break; fi
        # Its valve is open again; unless it ends again meanwhile.
        if [ "$new" = yes ] && [ "$restarts" -gt 0 ]; then keep_out "$container" 2>/dev/null || true; fi
        sleep "$POLL_SECONDS"
        tries=$((tries - 1))
    done
    last_words microblog "$container"
    return 1
}

# Let the release's container take every new connection from now on; the other one finishes what it has.
switch_slots() {
    wanted=$(hash_of "$id" microblog)
    [ -n "$wanted" ] || return 0
    serving=$(running microblog "$wanted")
    if [ -z "$serving" ]; then echo 'the new container of microblog is gone' >&2 && return 1; fi
    shun_nobody
    valve open "$serving"
    containers microblog | while read -r container _ state _; do
        if [ "$container" != "$serving" ] && [ "$state" = running ]; then valve closed "$container"; fi
    done
}

# End every other container of the microblog, once what it had begun is answered.
empty_slots() {
    serving=$(running microblog "$(hash_of "$id" microblog)")
    for container in $(containers microblog | awk -v serving="$serving" '$1 != serving { print $1 }'); do
        shun "$container"
        docker stop "$container" >/dev/null
        docker rm --force "$container" >/dev/null
        shunned_until=$(($(milliseconds) + BELIEVED_MILLISECONDS))
    done
}

# Have nginx connect to every address again, once it believes in none that is gone.
forgive() {
    [ -n "${shunned_until:-}" ] || return 0
    while [ "$(milliseconds)" -lt "$shunned_until" ]; do sleep 0.1; done
    shun_nobody
}

milliseconds() { date +%s%3N; }
