"""What AWS calls its regions and instance types, as its own SDK knows them offline."""

import os
import re
from functools import cache
from typing import Any

from botocore.session import Session

# A letter g among the features of a family is Graviton, and a1 was the first of them; GB200 is Arm as well.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
GRAVITON = re.compile(r"a1|[a-z]+\d+[a-z]*g[a-z]*|.+-gb\d+")
# Apple's run macOS alone.
APPLE = "mac"
# On Xen, whose console cannot be asked for its latest lines, and whose disks have no link in /dev/disk/by-id.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html
XEN = re.compile(r"c[134]|cc[12]|c[gr]1|d2|f1|g2|g3s?|h[is]?1|i[23]|m[1-4]|p[23]|r[34]|t[12]|x1e?")
# Bare metal is on Nitro in every family.
METAL = "metal"
# Of each setting: its names in a file and in the environment, its value unless told, how that is read.
NOBODYS = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}


@cache
def session() -> Any:
    """The SDK's own books, whoever asks: a wrong profile or file of theirs is told where AWS is asked."""
    return Session(session_vars=NOBODYS)


@cache
def regions() -> tuple[str, ...]:
    """Every region that an ordinary account may use EC2 in."""
    return tuple(session().get_available_regions("ec2"))


@cache
def instance_types() -> frozenset[str]:
    """Every instance type that runs an amd64 image and is on Nitro."""
    named = session().get_service_model("ec2").shape_for("InstanceType").enum
    return frozenset(name for name in named if is_x86(name.split(".")[0]) and is_nitro(name))


def is_x86(family: str) -> bool:
    """Whether the types of a family, such as t3, run amd64."""
    return not family.startswith(APPLE) and GRAVITON.fullmatch(family) is None


def is_nitro(name: str) -> bool:
    """Whether a type, such as t3.small, is none of the generations before Nitro."""
    family, _, size = name.partition(".")
    return size == METAL or XEN.fullmatch(family) is None
