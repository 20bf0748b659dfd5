"""A stack's outputs and the exports among them."""

from collections.abc import Mapping
from typing import Any

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.intrinsics import Scope, holds, resolve
from ec2.rehearsal.stacks.properties import scalar_text
from ec2.rehearsal.stacks.scopes import exported, importers
from ec2.rehearsal.stacks.state import Cloud, Output, Stack
from ec2.rehearsal.stacks.template import Template


def outputs(template: Template, scope: Scope) -> tuple[Output, ...]:
    """Every output whose condition holds, resolved."""
    told = (
        (key, entry)
        for key, entry in template.outputs.items()
        if "Condition" not in entry or holds(entry["Condition"], scope)
    )
    return tuple(output(key, entry, scope) for key, entry in told)


def output(key: str, entry: Mapping[str, Any], scope: Scope) -> Output:
    """One output; only texts can be told."""
    value = resolve(entry.get("Value"), scope)
    if isinstance(value, (dict, list)) or value is None:
        raise ValidationError(
            f"Template format error: The Value field of every Outputs member must evaluate to a String. "
            f"({key})"
        )
    export = entry.get("Export", {}).get("Name")
    return Output(
        key,
        scalar_text(value),
        entry.get("Description"),
        None if export is None else str(resolve(export, scope)),
    )


def check_exports(cloud: Cloud, stack: Stack, new: tuple[Output, ...]) -> None:
    """Raise ValidationError when an export is taken, or one that others import would go or change."""
    taken = exported(cloud)
    for output in new:
        owner = taken.get(output.export or "")
        if owner is not None and owner.id != stack.id:
            raise ValidationError(
                f"Export with name {output.export} is already exported by stack {owner.name}."
            )
    values = {output.export: output.value for output in new}
    for old in stack.outputs:
        users = importers(cloud, old.export) if old.export else []
        if users and old.export not in values:
            raise ValidationError(
                f"Export {old.export} cannot be deleted as it is in use by {' and '.join(users)}"
            )
        if users and values[old.export] != old.value:
            raise ValidationError(
                f"Export {old.export} cannot be updated as it is in use by {' and '.join(users)}"
            )


def check_unused(cloud: Cloud, stack: Stack) -> str:
    """Why the stack cannot be deleted: the sentence on the first of its exports that is in use, or ""."""
    for output in stack.outputs:
        users = [name for name in importers(cloud, output.export or "") if name != stack.name]
        if output.export and users:
            return f"Export {output.export} cannot be deleted as it is in use by {' and '.join(users)}"
    return ""
