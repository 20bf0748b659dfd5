#!/bin/sh
# The first boot is over: cloud-init holds apt and writes users, keys and configuration until it ends.

BOOT_LIMIT_SECONDS=300
BOOT_RESULT=/run/cloud-init/result.json
BOOT_LOG=/var/log/cloud-init-output.log

main() {
    command -v cloud-init >/dev/null || return 0
    if ! booted_well; then wait_for_boot; fi
}

booted_well() { [ -e "$BOOT_RESULT" ] && tr --delete ' \n' <"$BOOT_RESULT" | grep --quiet '"errors":\[\]'; }

wait_for_boot() {
    say 'waiting for cloud-init'
    status=0
    timeout "$BOOT_LIMIT_SECONDS" cloud-init status --wait >/dev/null 2>&1 || status=$?
    case $status in
        0) ;;
        2) say "cloud-init went on after what it could mend: $(cloud-init status --long | tail -n 5 | tr '\n' ' ')" ;;
        124) give_up "cloud-init did not end within $BOOT_LIMIT_SECONDS s" ;;
        *) give_up "cloud-init failed: $(errors)" ;;
    esac
}

# One list entry per line, three spaces deep.
errors() { sed --quiet 's/^   "\(.*\)",\{0,1\}$/\1/p' "$BOOT_RESULT" | paste --serial --delimiters ' '; }

give_up() {
    say "the end of $BOOT_LOG:"
    # Pictures of keys and tables of networks come in any order, and say nothing.
    grep --invert-match --extended-regexp '^([|+]|ci-info|Generating|Your |The key|SHA256)' "$BOOT_LOG" | tail -n 12 >&2
    fail "$1" "mend its user-data and replace the host; 'cloud-init status --long' on the host says more"
}

main
