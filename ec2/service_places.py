"""Where a service runs, among hosts that were looked at; pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ec2.errors import NotThere
from ec2.host_state import Container, HostState, services
from ec2.inventory import Host


@dataclass(frozen=True)
class Place:
    """A service's container on its host."""

    host: Host
    container: Container


def place_of(service: str, looks: Mapping[Host, HostState], host_name: str = "") -> Place:
    """The one place where the service runs, on the named host where one is named.

    Raises NotThere when it runs nowhere or, without a name, on several hosts.
    """
    check_services([service], looks.values())
    places = {
        host: containers
        for host, state in looks.items()
        if (containers := running(service, state)) and host_name in ("", host.name)
    }
    if not places:
        where = f" on {host_name}" if host_name else ""
        raise NotThere(f"{service} does not run{where}", "python -m ec2 status")
    if len(places) > 1:
        names = [host.name for host in places]
        raise NotThere(f"{service} runs on several hosts: {', '.join(names)}", f"--host {names[0]}")
    ((host, containers),) = places.items()
    return Place(host, containers[0])


def running(service: str, state: HostState) -> list[Container]:
    """The service's containers that can be talked to, those that are well first."""
    found = [each for each in state.containers if each.service == service and each.state == "running"]
    return sorted(found, key=lambda each: not each.well)


def check_services(wanted: Collection[str], states: Collection[HostState]) -> None:
    """Raises NotThere with the services there are when one of the wanted ones is not among them."""
    there = services(states)
    left_out = {service for state in states for service in state.left_out}
    for service in wanted:
        if service in left_out:
            raise NotThere(
                f"{service} was left out of this release: its image could not be had",
                "python -m ec2 deploy says why",
            )
        if service not in there:
            raise NotThere(f"there is no service '{service}'; there are: {', '.join(there) or 'none'}")


def named_host(name: str, hosts: Collection[Host]) -> Host:
    """The host of that name. Raises NotThere with the names there are."""
    for host in hosts:
        if host.name == name:
            return host
    raise NotThere(f"there is no host '{name}'; there are: {', '.join(host.name for host in hosts)}")
