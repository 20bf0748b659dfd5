"""What an update may never do: replace what holds data, addresses or hosts."""

from typing import Any

IRREPLACEABLE = (
    "AWS::EC2::EIP",
    "AWS::EC2::Instance",
    "AWS::EC2::KeyPair",
    "AWS::EC2::Subnet",
    "AWS::EC2::Volume",
    "AWS::EC2::VPC",
)


def build_stack_policy() -> dict[str, Any]:
    """The policy that a launch gives its stack (SetStackPolicy, or StackPolicyBody)."""
    everything = {"Principal": "*", "Resource": "*"}
    return {
        "Statement": [
            {"Effect": "Allow", "Action": "Update:*", **everything},
            {
                "Effect": "Deny",
                "Action": "Update:Replace",
                **everything,
                "Condition": {"StringEquals": {"ResourceType": list(IRREPLACEABLE)}},
            },
        ]
    }
