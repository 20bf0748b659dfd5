"""What a person sees at the end: every service, how it is, and where to find it."""

from collections.abc import Iterable, Mapping

from rich.table import Table

from compose.project import Container, Service

WELL, UNWELL, ABSENT = "green", "red", "yellow"


def service_table(
    services: Iterable[Service], containers: Mapping[str, Container], left_out: Mapping[str, str]
) -> Table:
    """One row per service: its name, role, state and address."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("service", "role", "state", "address"):
        table.add_column(heading, no_wrap=True)
    for service in services:
        state, colour = state_of(containers.get(service.name), service.name in left_out)
        address = addresses(service) if colour == WELL else ""
        table.add_row(service.name, ", ".join(service.roles) or "every", f"[{colour}]{state}[/]", address)
    return table


def state_of(container: Container | None, left_out: bool) -> tuple[str, str]:
    """The state in one word or two, and its colour."""
    if container is None:
        return ("left out", ABSENT) if left_out else ("not started", ABSENT)
    if container.well:
        return container.health or container.state, WELL
    return f"{container.state}, {container.health}" if container.health else container.state, UNWELL


def addresses(service: Service) -> str:
    """Where a browser on this machine finds the service."""
    return " ".join(f"http://127.0.0.1:{port}" for port in service.ports)
