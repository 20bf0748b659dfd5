#!/bin/sh
# Where releases and secrets lie, and that Docker is there after a restart.

main() {
    folder /srv/stack 755
    folder /srv/stack/releases 755
    folder /srv/stack/secrets 700
    # Where scripts on the host write figures for node_exporter.
    folder /var/lib/prometheus/node-exporter 755
    if ! systemctl --quiet is-enabled docker.service; then
        systemctl enable --quiet docker.service
        changed 'docker.service enabled'
    fi
}

main
