"""What AWS calls its regions and instance types, as its own SDK knows them offline."""

import re
from functools import cache
from typing import Any

from botocore.session import get_session

# A letter g among the features of a family is Graviton, and a1 was the first of them.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
GRAVITON = re.compile(r"a1|[a-z]+\d+[a-z]*g[a-z]*")
# Apple's run macOS alone.
APPLE = "mac"


@cache
def session() -> Any:
    """The SDK's own books."""
    return get_session()


@cache
def regions() -> tuple[str, ...]:
    """Every region that an ordinary account may use EC2 in."""
    return tuple(session().get_available_regions("ec2"))


@cache
def x86_instance_types() -> frozenset[str]:
    """Every instance type for which an amd64 image is made."""
    named = session().get_service_model("ec2").shape_for("InstanceType").enum
    return frozenset(name for name in named if is_x86(name.split(".")[0]))


def is_x86(family: str) -> bool:
    """Whether the types of a family, such as t3, run amd64."""
    return not family.startswith(APPLE) and GRAVITON.fullmatch(family) is None
