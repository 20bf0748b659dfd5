"""AWS::DLM::LifecyclePolicy: recorded, as nothing here takes snapshots by the clock."""

import secrets
from typing import Any, ClassVar

from ec2.rehearsal.stacks.resources.contract import Clients, Place
from ec2.rehearsal.stacks.resources.kind import Kind


class LifecyclePolicy(Kind):
    """AWS::DLM::LifecyclePolicy; Ref is its id."""

    name = "AWS::DLM::LifecyclePolicy"
    note = "recorded only: no snapshot is taken by this policy"
    carried_out = frozenset(
        {
            "CopyTags",
            "CreateInterval",
            "CrossRegionCopyTargets",
            "DefaultPolicy",
            "Description",
            "Exclusions",
            "ExecutionRoleArn",
            "ExtendDeletion",
            "PolicyDetails",
            "RetainInterval",
            "State",
            "Tags",
        }
    )
    attributes: ClassVar = {"PolicyId": "id", "Arn": "arn"}

    def create(self, aws: Clients, properties: dict[str, Any], place: Place) -> str:
        """An id as AWS makes them, and nothing else."""
        return f"policy-0{secrets.token_hex(8)}"

    def delete(self, aws: Clients, physical_id: str, properties: dict[str, Any], place: Place) -> None:
        """There is nothing to remove."""

    def look(self, aws: Clients, physical_id: str) -> dict[str, Any] | None:
        """What follows from the id alone."""
        sts = aws("sts")
        account = sts.get_caller_identity()["Account"]
        arn = f"arn:aws:dlm:{sts.meta.region_name}:{account}:policy/{physical_id}"
        return {"id": physical_id, "arn": arn}

    def shape(self, aws: Clients, live: dict[str, Any]) -> dict[str, Any]:
        """Nothing to compare."""
        return {}
