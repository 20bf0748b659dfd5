"""A report as a person reads it."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ec2.report import Report

OUTERMOST = ("images", "plan", "stack", "connect")


def print_report(page: Console, report: Report) -> None:
    """The hosts with their services, what was left out, and where the microblog is."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("host", "address", "services"):
        shown.add_column(column, no_wrap=column != "services")
    for host in report.hosts:
        shown.add_row(host.name, host.address, ", ".join(sorted(report.services[host.name])))
    page.print(shown)
    for service, reason in report.left_out.items():
        page.print(f"[yellow]{service} was left out[/]: {escape(reason)}", soft_wrap=True)
    # What happens over the connections is part of the time of the connections.
    seconds = sum(report.durations[stage] for stage in report.durations if stage in OUTERMOST)
    page.print(
        f"\nrelease {report.release}, stack {report.outcome}, every service healthy, in {seconds:.0f} s",
        soft_wrap=True,
    )
    page.print(f"the microblog is at {' and at '.join(report.addresses)}", soft_wrap=True)
