#!/bin/sh
# Keys alone, never root; and the host keys on the console at every boot, where whoever may ask AWS can read them.

# The first word that sshd reads is the one that counts: before 50-cloud-init.conf.
SSHD_PART=/etc/ssh/sshd_config.d/10-stack.conf

main() {
    have_options
    have_keys_printed
}

have_options() {
    kept=$(mktemp)
    cat "$SSHD_PART" >"$kept" 2>/dev/null || true
    if put "$SSHD_PART" <<'CONF'; then check_options "$kept"; fi
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
AllowAgentForwarding no
X11Forwarding no
# Images come and dashboards are seen through forwarded ports, on loopback alone.
AllowTcpForwarding yes
GatewayPorts no
# One connection carries all that a deployment says; strangers' attempts crowd nobody out.
MaxSessions 30
MaxStartups 30:30:100
LoginGraceTime 30
ClientAliveInterval 30
ClientAliveCountMax 4
CONF
    rm "$kept"
}

# Nobody is locked out by a mistake.
check_options() {
    if sshd -t; then
        systemctl try-reload-or-restart ssh.service
    else
        cp "$1" "$SSHD_PART"
        fail 'sshd refuses its options, so they are the old ones again' "run 'sshd -t' on the host and mend what it names"
    fi
}

# EC2 keeps the last 64 KiB of a console: cloud-init's own print, once in a lifetime, is gone some day.
have_keys_printed() {
    put /usr/local/sbin/print-host-keys 0755 <<'SCRIPT' || true
#!/bin/sh
{
    echo '-----BEGIN SSH HOST KEY KEYS-----'
    cat /etc/ssh/ssh_host_*_key.pub
    echo '-----END SSH HOST KEY KEYS-----'
} >/dev/console
SCRIPT
    if put /etc/systemd/system/print-host-keys.service <<'UNIT'; then
[Unit]
Description=Print the SSH host keys on the console
After=ssh.service

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/print-host-keys

[Install]
WantedBy=multi-user.target
UNIT
        systemctl daemon-reload
        systemctl enable --quiet print-host-keys.service
    fi
}

main
