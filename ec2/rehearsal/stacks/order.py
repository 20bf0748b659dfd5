"""The order in which resources can be made: each after all that it leans on."""

from collections.abc import Mapping

from ec2.rehearsal.stacks.errors import ValidationError

Graph = Mapping[str, frozenset[str]]
"""Name -> the names that must come before it."""


def ordered(graph: Graph) -> list[str]:
    """Every name once, after those it leans on, otherwise as given; ValidationError names a circle."""
    order: list[str] = []
    waiting = {name: set(before) & set(graph) for name, before in graph.items()}
    while waiting:
        ready = [name for name, before in waiting.items() if not before]
        if not ready:
            circle = ", ".join(sorted(in_circles(waiting)))
            raise ValidationError(f"Circular dependency between resources: [{circle}]")
        order += ready
        waiting = {name: before.difference(ready) for name, before in waiting.items() if before}
    return order


def in_circles(waiting: Mapping[str, set[str]]) -> set[str]:
    """Of the names that wait for each other, those that are part of a circle and not merely behind one."""
    left = {name: set(before) for name, before in waiting.items()}
    while True:
        needed = set().union(*left.values())
        behind = [name for name in left if name not in needed]
        if not behind:
            return set(left)
        for name in behind:
            del left[name]


def turned(graph: Graph) -> dict[str, frozenset[str]]:
    """The same graph for taking down: each name after all that lean on it."""
    return {name: frozenset(other for other, before in graph.items() if name in before) for name in graph}
