#!/bin/sh
# What Docker is told, before it is there or while it runs: containers live through its restarts, logs end.

DAEMON_FILE=/etc/docker/daemon.json
# As compose.yaml has it: container_metrics asks the Engine as a member of this group.
DOCKER_GROUP=10010

main() {
    have_group
    # Installed by the script that comes next; where that fails, nothing of this one is believed.
    command -v dockerd >/dev/null || changed 'package docker.io'
    merged=$(merge)
    put "$DAEMON_FILE" <<JSON || return 0
$merged
JSON
    if systemctl --quiet is-active docker.service; then
        say 'restarting Docker under its containers'
        # Reloaded, it lets the containers live; the options of logs count from its restart on.
        systemctl reload docker.service
        systemctl restart docker.service
    fi
}

# The same number on every host. A socket that is there already belongs to the old one.
have_group() {
    if [ "$(getent group docker | cut --delimiter : --fields 3)" = "$DOCKER_GROUP" ]; then return; fi
    if getent group docker >/dev/null; then
        groupmod --gid "$DOCKER_GROUP" docker
        if [ -S /run/docker.sock ]; then chgrp docker /run/docker.sock; fi
    else
        groupadd --system --gid "$DOCKER_GROUP" docker
    fi
    changed "group docker"
}

# Somebody's own settings stay, but for an engine that strangers can reach.
merge() {
    python3 - "$DAEMON_FILE" <<'PYTHON' || fail "$DAEMON_FILE cannot be used as it is" "mend what the line above says"
import json
import sys

OURS = {
    "live-restore": True,
    "log-driver": "json-file",
    "log-opts": {"max-file": "3", "max-size": "10m"},
}
try:
    with open(sys.argv[1]) as file:
        settings = json.load(file)
except FileNotFoundError:
    settings = {}
except ValueError as error:
    sys.exit(f"{sys.argv[1]}: {error}")
if any(address.startswith("tcp:") for address in settings.get("hosts", [])):
    sys.exit(f"{sys.argv[1]}: 'hosts' has the engine listen on the network")
print(json.dumps(settings | OURS, indent=2, sort_keys=True))
PYTHON
}

main
