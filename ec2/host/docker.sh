#!/bin/sh
# Docker Engine, Compose v2 and Buildx from the distribution's own packages, and an engine that answers.
#
# Safe to run twice: where an engine answers already, nothing is touched. Debian 12 and 13, Ubuntu 22.04
# and 24.04. Exit 0: an engine answers. Exit 1: it does not; the last line says what to do.
set -eu

START_TIMEOUT_SECONDS=60
LOCK_TIMEOUT_SECONDS=300
ENGINE_LOG=/var/log/dockerd.log

main() {
    if engine_answers; then exit 0; fi
    refuse_foreign_engine
    become_root "$@"
    if ! everything_installed && ! foreign_engine_installed; then install_packages; fi
    start_engine
    say "Docker Engine $(docker version --format '{{.Server.Version}}'), Compose $(docker compose version --short)"
}

say() { printf '%s\n' "docker: $*" >&2; }

fail() {
    say "$1"
    say "try: $2"
    exit 1
}

engine_answers() {
    command -v docker >/dev/null && docker info --format '{{.ServerVersion}}' >/dev/null 2>&1
}

# An engine that is somewhere else, or that only refuses this user, is somebody's: leave it alone.
refuse_foreign_engine() {
    case "$(docker --version 2>/dev/null)" in
        podman*) fail "the docker command is Podman's, whose place Docker's would take" \
            "sudo apt-get remove podman-docker, then repeat the command" ;;
    esac
    if [ -n "${DOCKER_HOST:-}" ]; then
        fail "no engine answers at DOCKER_HOST=$DOCKER_HOST" "start it, or 'unset DOCKER_HOST' to use this machine"
    fi
    context=$(docker context show 2>/dev/null) || context=default
    if [ "${context:-default}" != default ]; then
        fail "no engine answers in the docker command's context '$context'" \
            "start it, or 'docker context use default' (where DOCKER_CONTEXT is set, unset it) to use this machine"
    fi
    if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
        fail "$(id --user --name) may not use /var/run/docker.sock" \
            "sudo usermod --append --groups docker $(id --user --name), then log in again"
    fi
}

become_root() {
    [ "$(id --user)" -eq 0 ] && return
    command -v sudo >/dev/null ||
        fail "Docker is not installed and installing it needs root" "run this as root, or install sudo"
    say "installing Docker needs root: asking sudo"
    sudo sh "$0" "$@" || exit 1
    admit_user
}

# A fresh group membership counts from the next log-in on: this run ends here.
admit_user() {
    sudo usermod --append --groups docker "$(id --user --name)"
    say "$(id --user --name) was added to the group docker"
    fail "the membership counts from your next log-in on" "log out and in, or 'newgrp docker', and repeat the command"
}

everything_installed() {
    command -v dockerd >/dev/null && docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1
}

# Docker's own packages or a binary: the distribution's would take their place.
foreign_engine_installed() {
    command -v dockerd >/dev/null && ! dpkg --status docker.io >/dev/null 2>&1
}

install_packages() {
    # shellcheck source=/dev/null
    . /etc/os-release
    case "$ID-${VERSION_ID:-}" in
        debian-12 | debian-13) packages='docker.io docker-cli docker-compose docker-buildx' ;;
        ubuntu-22.04 | ubuntu-24.04) packages='docker.io docker-compose-v2 docker-buildx' ;;
        *) fail "${PRETTY_NAME:-this system} is not one of Debian 12 and 13, Ubuntu 22.04 and 24.04" \
            "install Docker Engine 25 or newer with Compose v2 and Buildx yourself, then repeat the command" ;;
    esac
    say "installing $packages on $PRETTY_NAME"
    export DEBIAN_FRONTEND=noninteractive
    run apt-get update --quiet
    if [ "$ID-$VERSION_ID" = debian-12 ]; then add_trixie; fi
    # shellcheck disable=SC2086  # the names are words
    run apt-get install --yes --quiet --no-install-recommends $packages iptables ca-certificates
}

# Debian 12 has Engine 20.10 and no Compose v2. Debian 13's packages of these need only a libc that 12 has,
# so just they come from there (its runc and containerd need a newer one: 12's own serve). The addresses are
# those of the system's own sources.
add_trixie() {
    sources=/etc/apt/sources.list.d/docker-from-trixie.sources
    : >"$sources.new"
    for suite in '' -security; do
        # shellcheck disable=SC2016  # apt-get fills this in
        uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: bookworm$suite" | head -n 1)
        [ -n "$uri" ] || continue
        {
            printf 'Types: deb\nURIs: %s\nSuites: trixie%s\nComponents: main\n' "$uri" "$suite"
            printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n'
        } >>"$sources.new"
    done
    mv "$sources.new" "$sources"
    cat >/etc/apt/preferences.d/docker-from-trixie <<'PIN'
Package: *
Pin: release n=trixie*
Pin-Priority: -1

Package: docker.io docker-cli docker-compose docker-buildx
Pin: release n=trixie*
Pin-Priority: 990
PIN
    run apt-get update --quiet
}

# Quiet while it works; the whole output when it does not. A first boot, or the nightly upgrades, hold apt's
# locks for a while, and the one of its lists apt itself never waits for.
run() {
    output=$(mktemp)
    waited=0
    until "$@" >"$output" 2>&1; do
        if ! lock_held "$output" || [ "$waited" -ge "$LOCK_TIMEOUT_SECONDS" ]; then
            cat "$output" >&2
            rm -f "$output"
            fail "'$*' failed" "mend what the lines above say, then repeat the command"
        fi
        [ "$waited" -gt 0 ] || say "waiting: $(grep 'Could not get lock' "$output" | tail -n 1)"
        sleep 1
        waited=$((waited + 1))
    done
    rm -f "$output"
}

lock_held() { grep --quiet 'Could not get lock' "$1"; }

start_engine() {
    if [ -d /run/systemd/system ]; then
        systemctl enable --now docker.service >/dev/null 2>&1 || true
    elif ! kill -0 "$(cat /var/run/docker.pid 2>/dev/null)" 2>/dev/null; then
        say "no init runs here: starting dockerd, its log is $ENGINE_LOG"
        rm -f /var/run/docker.pid
        setsid nohup dockerd >>"$ENGINE_LOG" 2>&1 </dev/null &
    fi
    waited=0
    until engine_answers; do
        [ "$waited" -lt "$START_TIMEOUT_SECONDS" ] || {
            tail -n 5 "$ENGINE_LOG" >&2 2>/dev/null || true
            fail "dockerd did not answer within $START_TIMEOUT_SECONDS s" "read $ENGINE_LOG or 'journalctl --unit docker'"
        }
        sleep 1
        waited=$((waited + 1))
    done
}

main "$@"
