"""The cloud's memory on disk: whoever comes after a killed process knows the same, by the same ids."""

from ec2.rehearsal.snapshot.memory import Picture, load, take, write

__all__ = ["Picture", "load", "take", "write"]
