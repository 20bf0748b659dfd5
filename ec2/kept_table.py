"""What is left of a destroyed stack on purpose, as a person reads it."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from ec2.leftovers import Kept


def print_kept(page: Console, snapshots: Sequence[Kept], region: str) -> None:
    """The snapshots of the data volumes, and how to delete them."""
    if not snapshots:
        return
    page.print("\nkept on purpose, at a price: snapshots of its data volumes", soft_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("snapshot", "host", "role", "size", "made"):
        table.add_column(heading, no_wrap=True)
    for each in snapshots:
        made = f"{each.moment:%Y-%m-%d %H:%M} UTC{'' if each.complete else ', not complete yet'}"
        table.add_row(each.id, each.host or "-", each.role or "-", f"{each.size_gib} GiB", made)
    page.print(table)
    page.print("when the data is not wanted any more:")
    for each in snapshots:
        page.print(f"  aws ec2 delete-snapshot --region {region} --snapshot-id {each.id}", soft_wrap=True)
