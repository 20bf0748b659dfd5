#!/bin/sh
# What Docker is told, before it is there or while it runs: containers live through its restarts, logs end.

DAEMON_FILE=/etc/docker/daemon.json

main() {
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
