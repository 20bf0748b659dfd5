#!/bin/sh
# The host patches itself.

UPGRADES=unattended-upgrades
FRESH_MINUTES=60

main() {
    if ! installed "$UPGRADES"; then
        say "installing $UPGRADES"
        fresh_lists || patiently apt-get update --quiet
        patiently apt-get install --yes --quiet --no-install-recommends "$UPGRADES"
        changed "package $UPGRADES"
    fi
    put /etc/apt/apt.conf.d/91stack-upgrades <<'CONF' || true
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
// Security alone: whatever else changes, changes with a deployment.
#clear Unattended-Upgrade::Origins-Pattern;
Unattended-Upgrade::Origins-Pattern {
    "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";
};
Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";
Unattended-Upgrade::Remove-Unused-Dependencies "true";
// When to restart is the deployer's decision.
Unattended-Upgrade::Automatic-Reboot "false";
CONF
}

installed() { [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Docker's installation has just fetched them.
fresh_lists() { [ -n "$(find /var/lib/apt/lists -name '*Packages*' -mmin "-$FRESH_MINUTES" -print -quit)" ]; }

main
