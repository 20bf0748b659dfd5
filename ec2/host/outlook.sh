#!/bin/sh
# shellcheck disable=SC2154  # release.sh, which comes before it, sets them
# What a release would change on this host; nothing is changed.
#
# usage: outlook.sh ROOT ID <OUTLINE
# Prints lines: serves RELEASE, finished yes|no, provisioned MARK, and for each service: service NAME CHANGE, where
# CHANGE is create, replace, start, keep or remove.
look_ahead() {
    folder=$(mktemp -d)
    trap 'rm -r "$folder"' EXIT
    tar --extract --directory "$folder"
    name_docker_group
    (cd "$folder" && docker compose config --hash '*') >"$folder/hashes"
    listed >"$folder/listed"
    printf 'serves %s\n' "$(current)"
    printf 'finished %s\n' "$(finished)"
    printf 'provisioned %s\n' "$(cat "$root/provisioned" 2>/dev/null || true)"
    changes
}

# Whether what brought the release that serves was done to its end.
finished() {
    last=$(grep --fixed-strings "\"release\": \"$(current)\"" "$root/ledger" 2>/dev/null | tail -n 1)
    slots=$(grep --count '^microblog ' "$folder/listed" || true)
    case $last in
        *'"outcome": "done"'*) if [ "$slots" -le 1 ]; then echo yes; else echo no; fi ;;
        *) echo no ;;
    esac
}

changes() {
    awk -v hashes="$folder/hashes" -v services="$folder/services" '
        BEGIN { while ((getline line < hashes) > 0) { split(line, part, " "); wanted[part[1]] = part[2] } }
        {
            here[$1] = 1
            if ($3 == wanted[$1]) same[$1] = 1
            if ($3 == wanted[$1] && $4 == "running" && $5 == "healthy") well[$1] = 1
        }
        END {
            while ((getline service < services) > 0) {
                ours[service] = 1
                change = here[service] ? "replace" : "create"
                if (same[service]) change = "start"
                if (well[service]) change = "keep"
                print "service", service, change
            }
            for (service in here) if (!ours[service]) print "service", service, "remove"
        }' "$folder/listed"
}

# On a host without Docker there is nothing to look at.
if command -v docker >/dev/null; then look_ahead; fi
