"""The layers of an image with their sizes, as the engine's history tells them; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What an instruction of a Dockerfile begins with when it makes a layer, even one without bytes.
MAKING = ("RUN", "COPY", "ADD", "WORKDIR")


@dataclass(frozen=True)
class Layer:
    """A layer by the digest of its unpacked content, and that content's bytes."""

    digest: str
    bytes: int


def layers(digests: Sequence[str], history: Sequence[Mapping[str, Any]], total: int) -> tuple[Layer, ...]:
    """The layers from the first to the last; the history begins with the last.

    A history does not say which of its steps made a layer. Where that cannot be told from the steps, every
    layer counts the same share of the total.
    """
    sizes = [int(step["Size"]) for step in reversed(history) if made_layer(step)]
    if len(sizes) != len(digests):
        sizes = [total // max(len(digests), 1)] * len(digests)
    return tuple(Layer(digest, size) for digest, size in zip(digests, sizes, strict=True))


def made_layer(step: Mapping[str, Any]) -> bool:
    """Whether a step of a history made a layer."""
    return step["Size"] > 0 or str(step.get("CreatedBy", "")).startswith(MAKING)
