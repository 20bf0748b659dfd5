#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# What a release would change on this host; nothing is changed.
#
# usage: outlook.sh ROOT ID <OUTLINE
# Prints lines: serves RELEASE, finished yes|no, provisioned MARK, and for each service: service NAME CHANGE, where CHANGE is
# create, replace, start, keep or remove.
look_ahead() {
    folder=$(mktemp -d)
    trap 'rm -r "$folder"' EXIT
    tar --extract --directory "$folder"
    (cd "$folder" && docker compose config --hash '*') >"$folder/hashes"
    printf 'serves %s\n' "$(current)"
    printf 'finished %s\n' "$(finished)"
    printf 'provisioned %s\n' "$(cat "$root/provisioned" 2>/dev/null || true)"
    while read -r service; do
        printf 'service %s %s\n' "$service" "$(change "$service")"
    done <"$folder/services"
    docker ps --all --filter "label=com.docker.compose.project=$PROJECT" \
        --format '{{.Label "com.docker.compose.service"}}' | sort -u |
        grep --invert-match --line-regexp --fixed-strings --file "$folder/services" | sed 's/.*/service & remove/' || true
}

# Whether what brought the release that serves was done to its end.
finished() {
    last=$(grep --fixed-strings "\"release\": \"$(current)\"" "$root/ledger" 2>/dev/null | tail -n 1)
    case $last in
        *'"outcome": "done"'*) if [ "$(containers microblog | wc -l)" -le 1 ]; then echo yes; else echo no; fi ;;
        *) echo no ;;
    esac
}

change() {
    wanted=$(awk -v name="$1" '$1 == name { print $2 }' "$folder/hashes")
    now=$(running "$1" "$wanted")
    if [ -n "$now" ]; then
        if [ "$(health "$now")" = healthy ]; then echo keep; else echo start; fi
    elif containers "$1" | grep --quiet " $wanted "; then
        echo start
    elif [ -n "$(containers "$1")" ]; then
        echo replace
    else
        echo create
    fi
}

# On a host without Docker there is nothing to look at.
if command -v docker >/dev/null; then look_ahead; fi
