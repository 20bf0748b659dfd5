"""Whether this machine can carry a cloud: its tools, its kernel's settings, its ranges."""

import json
import os
import shutil
import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.network import names

KERNEL = Path("/proc/sys")
# Debian's 128 are for all that root runs, and a host's systemd and Docker take up to eight; with none left
# a host ends as it starts, or lacks a part of itself.
WATCHERS, WATCHERS_AT_LEAST = "fs/inotify/max_user_instances", 1024
RESOLVERS = Path("/etc/resolv.conf")
STUB, BEHIND_STUB = IPv4Address("127.0.0.53"), Path("/run/systemd/resolve/resolv.conf")
# A default route, also one that a VPN split in two, is no use of a range.
SHORTEST_PREFIX = 2


def check() -> None:
    """Raises RehearsalError with what is missing and how to get it."""
    if os.geteuid():
        raise RehearsalError("the local EC2 needs root: it makes interfaces and packet filters", "sudo")
    for tool, package in (("nft", "nftables"), ("ip", "iproute2")):
        if not shutil.which(tool):
            raise RehearsalError(f"{tool} is not installed", f"apt-get install {package}")
    check_kernel()


def check_kernel() -> None:
    """Raises RehearsalError with the setting that has to be another."""
    for setting in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables"):
        if not setting_of(f"net/bridge/{setting}"):
            raise RehearsalError(
                "traffic inside a bridge does not pass the packet filter on this machine",
                f"modprobe br_netfilter && sysctl -w net.bridge.{setting}=1",
            )
    if not setting_of("net/ipv4/ip_forward"):
        raise RehearsalError("this machine forwards no packets", "sysctl -w net.ipv4.ip_forward=1")
    if (watchers := setting_of(WATCHERS)) < WATCHERS_AT_LEAST:
        raise RehearsalError(
            f"{watchers} inotify instances are few for hosts, each of which takes up to eight",
            "sh ec2/rehearsal/packages.sh, which raises the kernel's limit",
        )


def setting_of(name: str) -> int:
    """A number that the kernel is set to; 0 where it has no such setting."""
    file = KERNEL / name
    return int(file.read_text()) if file.exists() else 0


def check_range(wanted: IPv4Network, cloud: str) -> None:
    """Raises RehearsalError when a part of the range is in use here by something that is not this cloud's."""
    listed = subprocess.run(
        ["ip", "-json", "-4", "route", "show", "table", "all"], capture_output=True, text=True, check=True
    )
    for place in (route_in_the_way(wanted, cloud, json.loads(listed.stdout)), resolver_within(wanted)):
        if place:
            raise RehearsalError(
                f"{wanted} is in use on this machine: {place}",
                f"choose another range, or free this one; `ip route get {wanted[1]}` shows where it leads",
            )


def route_in_the_way(wanted: IPv4Network, cloud: str, routes: list[dict[str, Any]]) -> str:
    """The first route into the range by an interface that is not the cloud's; "" when there is none."""
    for route in routes:
        if route["dst"] == "default" or ours(route.get("dev", ""), cloud):
            continue
        network = IPv4Network(route["dst"])
        if network.prefixlen >= SHORTEST_PREFIX and network.overlaps(wanted):
            return f"{route['dst']} is routed to {route.get('dev', route.get('type', 'nowhere'))}"
    return ""


def ours(device: str, cloud: str) -> bool:
    return device == names.pool_bridge(cloud) or device.startswith(names.bridge_prefix(cloud))


def resolver_within(wanted: IPv4Network) -> str:
    within = [address for address in resolvers() if address in wanted]
    return f"its DNS server is {within[0]}" if within else ""


def resolvers() -> tuple[IPv4Address, ...]:
    """The IPv4 servers that Docker asks: those of resolv.conf, or those behind systemd-resolved's stub."""
    named = nameservers(RESOLVERS)
    return nameservers(BEHIND_STUB) if named == (STUB,) else named


def nameservers(file: Path) -> tuple[IPv4Address, ...]:
    lines = file.read_text().splitlines() if file.exists() else []
    words = [line.split() for line in lines]
    named = [line[1] for line in words if len(line) > 1 and line[0] == "nameserver" and ":" not in line[1]]
    return tuple(IPv4Address(address) for address in named)
