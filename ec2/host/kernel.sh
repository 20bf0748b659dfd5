#!/bin/sh
# What the kernel and the journal are told: come back after a panic, swap late, keep logs and console short.

SWAP_BELOW_MIB=2048
SWAP_FILE=/swapfile

main() {
    if put /etc/systemd/journald.conf.d/50-stack.conf <<'CONF'; then systemctl restart systemd-journald; fi
[Journal]
SystemMaxUse=200M
RuntimeMaxUse=50M
MaxRetentionSec=1month
CONF
    if systemd-detect-virt --quiet --container; then
        say "a container's kernel is another's: its settings stay"
    elif put /etc/sysctl.d/50-stack.conf <<'CONF'; then
# After a panic the host comes back by itself.
kernel.panic = 10
# Every container that starts would push the host keys off the console.
kernel.printk = 4 4 1 7
# Swap is for emergencies.
vm.swappiness = 10
# Each watching container takes some.
fs.inotify.max_user_instances = 512
CONF
        sysctl --quiet --load /etc/sysctl.d/50-stack.conf
    fi
    have_swap
}

have_swap() {
    memory=$(($(sed --quiet 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
    if [ "$memory" -ge "$SWAP_BELOW_MIB" ] || [ "$(wc -l </proc/swaps)" -gt 1 ]; then return; fi
    if try_swap $((memory < 1024 ? 1024 : memory)); then
        keep_swap
        changed "swap $SWAP_FILE"
    else
        rm --force "$SWAP_FILE"
        say "no swap for $memory MiB of memory: $SWAP_FILE cannot be used here ($(tail -n 1 "$complaint"))"
    fi
    rm "$complaint"
}

try_swap() {
    complaint=$(mktemp)
    say "making $1 MiB of swap"
    {
        rm --force "$SWAP_FILE" && (umask 077 && fallocate --length "$1MiB" "$SWAP_FILE") &&
            mkswap "$SWAP_FILE" && swapon "$SWAP_FILE"
    } >"$complaint" 2>&1
}

keep_swap() { grep --quiet "^$SWAP_FILE " /etc/fstab || printf '%s none swap sw 0 0\n' "$SWAP_FILE" >>/etc/fstab; }

main
