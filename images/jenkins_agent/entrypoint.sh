#!/bin/bash
# Puts the two keys where sshd accepts them, then becomes sshd.
#
# Reads /run/secrets/agent_host_key (private, ed25519) and /run/secrets/agent_authorized_key (public).
# Writes to /run/sshd, a tmpfs of uid 1000, and makes the folder for temporary files in $AGENT_FOLDER, which the host
# has under the same path: a build may mount what it put there. Exit 1: one sentence names the file that is wrong.
set -euo pipefail

readonly SECRETS=/run/secrets
readonly KEYS=/run/sshd

main() {
    [[ -w $KEYS ]] || fail "$KEYS is not writable for uid $(id -u): mount a tmpfs with uid=1000,mode=0700"
    copy_secret agent_host_key "$KEYS/host_key"
    copy_secret agent_authorized_key "$KEYS/authorized_keys"
    ssh-keygen -y -P '' -f "$KEYS/host_key" >/dev/null 2>&1 \
        || fail "$SECRETS/agent_host_key is not a private key without a passphrase in OpenSSH's format"
    ssh-keygen -l -f "$KEYS/authorized_keys" >/dev/null 2>&1 \
        || fail "$SECRETS/agent_authorized_key is not a public key in OpenSSH's format"
    if [[ -n ${AGENT_FOLDER:-} ]]; then
        export TMPDIR=$AGENT_FOLDER/tmp
        mkdir --parents "$TMPDIR" || fail "$AGENT_FOLDER is not writable for uid $(id -u)"
    fi
    exec /usr/sbin/sshd -D -e -f /etc/ssh/agent_sshd_config -o "SetEnv=$(session_environment)"
}

# A mounted secret keeps the mode and the owner it has on the host; sshd accepts neither as they are.
copy_secret() {
    local source=$SECRETS/$1 copy=$2
    [[ -r $source ]] || fail "cannot read the secret $source: it is missing or not readable for uid $(id -u)"
    [[ -s $source ]] || fail "the secret $source is empty"
    (umask 077 && printf '%s\n' "$(<"$source")" >"$copy")
}

# sshd hands nothing of its own environment to a session. Docker gives containers the proxies of its configuration.
session_environment() {
    local name
    for name in PATH JAVA_HOME DOCKER_HOST LANG TMPDIR \
        HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
        if [[ -n ${!name:-} ]]; then printf '"%s=%s" ' "$name" "${!name}"; fi
    done
}

fail() {
    printf 'jenkins_agent: %s\n' "$1" >&2
    exit 1
}

main
