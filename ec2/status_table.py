"""The status as a person reads it: two tables, and under them whatever wants attention."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ec2.host_state import Container, HostState
from ec2.roles import ROLES
from ec2.status import HostStatus, Problem, Status

GIB = 2**30
NEARLY_FULL = 0.9
# A data volume is mounted under the name of its role.
LABEL_WIDTH = max(map(len, ROLES)) + 1
WELL, UNWELL, UNDERWAY = "green", "red", "yellow"
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def print_status(page: Console, status: Status, as_said: Callable[[str], str] = str) -> None:
    """Hosts, services, problems; the last line says whether all is well."""
    page.print(host_table(status))
    page.print()
    if any(each.now.containers for each in status.hosts):
        page.print(service_table(status))
        page.print()
    for problem in status.problems:
        print_problem(page, replace(problem, hint=as_said(problem.hint)))
    for alert in status.alerts:
        colour = UNWELL if alert.severity == "critical" else UNDERWAY
        page.print(f"[{colour}]alert, {alert.severity}:[/] {escape(alert.summary)}", soft_wrap=True)
    print_last_line(page, status)


def host_table(status: Status) -> Table:
    """A block per host: who it is, where, what it runs, and how full it is."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("host", max_width=22)
    table.add_column("state", no_wrap=True)
    table.add_column("release", no_wrap=True)
    table.add_column("load, memory, disks", no_wrap=True)
    for each in status.hosts:
        host = each.host
        name = Text.assemble(host.name, (f"\n{', '.join(host.roles)}", "dim"))
        state = Text.assemble(state_of_host(each, status.moment), f"\n{host.address}")
        if each != status.hosts[0]:
            table.add_row()
        table.add_row(name, state, release_of(each.now), usage(each.now))
    return table


def state_of_host(each: HostStatus, moment: datetime) -> Text:
    """The instance's state and for how long the host has been up, coloured by whether all is well."""
    if each.instance_state != "running":
        return Text(each.instance_state, UNWELL)
    if each.failure:
        return Text("running, no answer", UNWELL)
    return Text(f"running {ago(each.now.since, moment)}", WELL if each.now.well else UNDERWAY)


def release_of(now: HostState) -> Text:
    """The release in two lines: when it was made, and its commit."""
    made, _, tag = now.release.partition("-")
    return Text(f"{made}\n{tag}" if tag else made or "-")


def usage(now: HostState) -> Text:
    """How much of what a host has is in use, a line for each."""
    lines: list[tuple[str, Text]] = []
    if now.load:
        lines.append(("load", Text(f"{now.load[0]:.2f} on {now.processors} CPUs")))
    if now.memory_total:
        lines.append(("memory", used_of(now.memory_used, now.memory_total)))
    for disk in now.disks:
        lines.append((disk.mount_point.rpartition("/")[2] or "/", used_of(disk.used, disk.size)))
    for mount_point in now.unmounted:
        lines.append((mount_point.rpartition("/")[2], Text("not mounted", UNWELL)))
    return Text("\n").join(Text.assemble(label.ljust(LABEL_WIDTH), value) for label, value in lines)


def used_of(used: int, total: int) -> Text:
    """In GiB."""
    text = f"{used / GIB:.1f} of {total / GIB:.1f} GiB"
    return Text(text, UNWELL if used > total * NEARLY_FULL else "")


def service_table(status: Status) -> Table:
    """A line per container."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("host", "service", "state", "health", "for", "image"):
        table.add_column(heading, no_wrap=True)
    for each in status.hosts:
        for container in each.now.containers:
            state, health = coloured(container)
            since = ago(container.since, status.moment)
            table.add_row(each.host.name, str(container), state, health, since, container.tag)
        for service in each.now.missing:
            table.add_row(each.host.name, service, Text("missing", UNWELL), "-", "-", "-")
    return table


def coloured(container: Container) -> tuple[Text, Text]:
    """State and health, in the colour of what they mean."""
    colour = UNDERWAY if container.health == "starting" else WELL if container.well else UNWELL
    state = f"exited ({container.exit_code})" if container.state == "exited" else container.state
    # The health of what does not run is that of some moment before.
    health = container.health if container.state == "running" else ""
    return Text(state, colour), Text(health or "-", colour)


def ago(since: datetime | None, moment: datetime) -> str:
    """How long it has been so: 2 h."""
    if since is None:
        return "-"
    seconds = max(int((moment - since).total_seconds()), 0)
    size, unit = next((pair for pair in UNITS if seconds >= pair[0]), UNITS[-1])
    return f"{seconds // size} {unit}"


def print_problem(page: Console, problem: Problem) -> None:
    """What is wrong, the last lines about it, what to try."""
    page.print(f"[red]{escape(problem.sentence)}", soft_wrap=True)
    for line in problem.lines:
        page.print(Text(f"    {line}", "dim"), soft_wrap=True)
    if problem.hint:
        page.print(f"try: {escape(problem.hint)}", soft_wrap=True)
    page.print()


def print_last_line(page: Console, status: Status) -> None:
    """Whether all is well, and where the microblog is."""
    left_out = sorted({service for each in status.hosts for service in each.now.left_out})
    if left_out:
        page.print(f"[yellow]left out of this release:[/] {', '.join(left_out)}", soft_wrap=True)
    if problems := len(status.problems):
        page.print(f"[red]{problems} problem{'s' if problems > 1 else ''}", soft_wrap=True)
        return
    address = next((each.host.address for each in status.hosts if "app" in each.host.roles), "")
    page.print(f"[green]all is well[/] at http://{address}/", soft_wrap=True)
