"""Stack policies, as AWS's documentation has them."""

import json
from typing import Any

import pytest

from ec2.rehearsal.stacks.errors import ValidationError
from ec2.rehearsal.stacks.stack_policy import check_policy, denial


def policy(*statements: dict[str, Any]) -> str:
    """A policy of some statements for everybody."""
    return json.dumps({"Statement": [{"Principal": "*", **statement} for statement in statements]})


ALL = {"Effect": "Allow", "Action": "Update:*", "Resource": "*"}
KEEP = {
    "Effect": "Deny",
    "Action": ["Update:Replace", "Update:Delete"],
    "Resource": "LogicalResourceId/Data*",
}
BY_TYPE = {
    "Effect": "Deny",
    "Action": "Update:*",
    "Resource": "*",
    "Condition": {"StringLike": {"ResourceType": ["AWS::EC2::V*"]}},
}
ONLY = {"Effect": "Allow", "NotAction": "Update:Delete", "NotResource": "LogicalResourceId/Database"}


@pytest.mark.parametrize(
    ("text", "action", "logical_id", "allowed"),
    [
        (None, "Update:Delete", "Database", True),
        (policy(ALL), "Update:Delete", "Database", True),
        (policy(ALL, KEEP), "Update:Delete", "Database", False),
        (policy(ALL, KEEP), "Update:Modify", "Database", True),
        (policy(ALL, KEEP), "Update:Replace", "Host", True),
        (policy(KEEP), "Update:Modify", "Database", False),
        (policy(ALL, BY_TYPE), "Update:Modify", "Disk", False),
        (policy(ONLY), "Update:Modify", "Disk", True),
        (policy(ONLY), "Update:Delete", "Disk", False),
        (policy(ONLY), "Update:Modify", "Database", False),
    ],
)
def test_a_policy_decides(text: str | None, action: str, logical_id: str, allowed: bool) -> None:
    kind = "AWS::EC2::Volume" if logical_id == "Disk" else "AWS::EC2::Instance"
    assert (denial(text, action, logical_id, kind) is None) is allowed


@pytest.mark.parametrize("text", ["", "[]", "{}", policy({"Effect": "Perhaps"})])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="Error validating stack policy"):
        check_policy(text)
