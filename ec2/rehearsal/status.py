"""What there is in the cloud, asked of its API as anybody could."""

import sys
from typing import Any

from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from ec2.rehearsal import process
from ec2.rehearsal.control.clients import Clients, connect
from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.machines.instances import Instance, wanted
from ec2.rehearsal.settings import REGION, Rehearsal

# Of a host; --json has it in any terminal.
MATTERS_LEAST = ("groups", "type", "private")


def describe(rehearsal: Rehearsal) -> dict[str, Any]:
    """Hosts and stacks as plain values. Raises RehearsalError when the cloud is not running."""
    number = process.require_running(rehearsal)
    aws = connect(rehearsal.endpoint)
    try:
        return {
            "name": rehearsal.name,
            "process": number,
            "endpoint": rehearsal.endpoint,
            "hosts": hosts(aws),
            "stacks": stacks(aws),
        }
    except BotoCoreError as error:
        raise RehearsalError(
            f"process {number} does not answer at {rehearsal.endpoint}: {error}", "it may still be starting"
        ) from error


def hosts(aws: Clients) -> list[dict[str, str]]:
    """A row per instance."""
    ec2 = aws("ec2")
    pages = ec2.get_paginator("describe_instance_status").paginate(IncludeAllInstances=True)
    checks = {
        row["InstanceId"]: row["InstanceStatus"]["Status"]
        for page in pages
        for row in page["InstanceStatuses"]
    }
    return [row(one, checks.get(one.id, "")) for one in wanted(ec2).values()]


def row(instance: Instance, check: str) -> dict[str, str]:
    """What is shown of an instance."""
    return {
        "name": instance.name,
        "id": instance.id,
        "state": instance.state,
        "check": check if instance.state == "running" else "",
        "type": instance.type,
        "private": instance.private_address,
        "public": instance.public_address,
        "groups": " ".join(instance.groups),
    }


def stacks(aws: Clients) -> list[dict[str, str]]:
    """A row per stack that is not deleted."""
    pages = aws("cloudformation").get_paginator("describe_stacks").paginate()
    return [
        {"name": stack["StackName"], "status": stack["StackStatus"]}
        for page in pages
        for stack in page["Stacks"]
    ]


def print_status(page: Console, rehearsal: Rehearsal, known: dict[str, Any]) -> None:
    """Print the tables, and how to point a client at the cloud."""
    for what in ("host", "stack"):
        rows = known[f"{what}s"]
        if rows:
            shown = fitting(page, what, rows)
            # As wide as it is: an id that is broken in two cannot be copied.
            page.width = max(page.width, natural_width(page, shown))
            page.print(shown)
        else:
            page.print(f"no {what}s")
        page.print()
    page.print(f"the cloud '{rehearsal.name}' is process {known['process']}; to use it:", soft_wrap=True)
    page.print(
        f"  export $({sys.executable} -m ec2.rehearsal --name {rehearsal.name} environment)", soft_wrap=True
    )


def fitting(page: Console, what: str, rows: list[dict[str, str]]) -> Table:
    """The rows as a table that a terminal has room for, without what matters least; elsewhere all of it."""
    shown = table(what, rows)
    for key in MATTERS_LEAST:
        if page.is_terminal and natural_width(page, shown) > page.width:
            rows = [{name: value for name, value in row.items() if name != key} for row in rows]
            shown = table(what, rows)
    return shown


def natural_width(page: Console, shown: Table) -> int:
    """How many columns the table takes when none is cut."""
    return Measurement.get(page, page.options.update(max_width=1000), shown).maximum


def table(what: str, rows: list[dict[str, str]]) -> Table:
    """Rows of the same keys as a table; the first column is called after what a row is."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for key in rows[0]:
        shown.add_column(what if key == "name" else key, no_wrap=True)
    for values in rows:
        shown.add_row(*values.values(), style="dim" if values.get("state") == "terminated" else "")
    return shown


def environment(rehearsal: Rehearsal) -> dict[str, str]:
    """The variables that point AWS's clients at the cloud; the credentials are as good as any."""
    return {
        "AWS_ENDPOINT_URL": rehearsal.common_endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
    }
