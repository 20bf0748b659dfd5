"""A community made up from a number: who follows whom, what they write, like and pass on."""

from .filling import PASSWORD, Made, fill
from .place import why_not
from .size import Size

__all__ = ["PASSWORD", "Made", "Size", "fill", "why_not"]
