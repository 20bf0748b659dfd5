"""How much memory and how many CPUs an instance type has, as AWS publishes it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Size:
    """What an instance type gives its host."""

    memory_bytes: int
    cpus: int


def size(ec2: Any, instance_type: str) -> Size:
    """The size of a type such as t3.micro, asked of the API."""
    (row,) = ec2.describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"]
    return Size(row["MemoryInfo"]["SizeInMiB"] * 2**20, row["VCpuInfo"]["DefaultVCpus"])
