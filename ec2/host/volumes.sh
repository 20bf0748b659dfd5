#!/bin/sh
# Data volumes, given as vol-ID:MOUNT_POINT: a file system where there is none at all, mounted now and at boot.
#
# A volume with anything on it is never formatted.

DEVICE_LIMIT_SECONDS=60

main() {
    mount_points=''
    for volume in "$@"; do
        have_volume "${volume%%:*}" "${volume#*:}"
        mount_points="$mount_points ${volume#*:}"
    done
    if [ -n "$mount_points" ]; then keep_docker_waiting "$mount_points"; fi
}

have_volume() {
    wait_for_device "$1"
    case $(probe TYPE) in
        ext4) ;;
        '') make_file_system "$1" ;;
        *) fail "$1 holds $(probe TYPE), and ext4 is expected" "look at it on the host with 'lsblk --fs'; nothing was touched" ;;
    esac
    keep_mounted "$2"
    if ! mountpoint --quiet "$2"; then
        mkdir -p "$2"
        mount --types ext4 "$device" "$2"
        changed "mounted $1 at $2"
    fi
    grow "$1"
}

# What a volume is called on Nitro instances: its id without the hyphen.
# https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html
wait_for_device() {
    link="/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol${1#vol-}"
    waited=0
    while [ ! -b "$link" ]; do
        if [ "$waited" -eq 0 ]; then say "waiting for $1"; fi
        [ "$waited" -lt "$DEVICE_LIMIT_SECONDS" ] ||
            fail "$1 is not attached after $waited s: there is no $link" "look whether EC2 shows it attached to this instance"
        sleep 1
        waited=$((waited + 1))
    done
    device=$(readlink --canonicalize "$link")
}

# Read from the volume itself, never from a cache.
probe() { blkid --probe --output value --match-tag "$1" "$device" || [ "$?" -eq 2 ]; }

make_file_system() {
    # Partition tables are no type, and two signatures at once are an error of blkid's: neither is nothing.
    blkid --probe "$device" >/dev/null 2>&1 && status=0 || status=$?
    [ "$status" -eq 2 ] || fail "$1 is not empty" "look at it on the host with 'wipefs $device'; nothing was touched"
    say "making a file system on $1"
    mkfs.ext4 -q -m 1 "$device"
    changed "file system on $1"
}

# A host whose volume is missing still boots and can be reached; Docker is what does not start without it.
keep_mounted() {
    line="UUID=$(probe UUID) $1 ext4 defaults,noatime,nofail,x-systemd.device-timeout=90 0 2"
    if grep --quiet --fixed-strings --line-regexp "$line" /etc/fstab; then return; fi
    others=$(awk -v "at=$1" '$2 != at' /etc/fstab)
    put /etc/fstab <<FSTAB
$others
$line
FSTAB
    systemctl daemon-reload
}

grow() {
    if ! said=$(resize2fs "$device" 2>&1); then
        say "$1 stays as small as it was: $(printf '%s' "$said" | grep '^resize2fs: ' | head -n 1)"
        return
    fi
    case $said in
        *'Nothing to do'*) ;;
        *) changed "grown $1" ;;
    esac
}

keep_docker_waiting() {
    if put /etc/systemd/system/docker.service.d/50-volumes.conf <<UNIT; then systemctl daemon-reload; fi
[Unit]
RequiresMountsFor=${1# }
UNIT
}

main "$@"
