"""What is in an expression: its series with their labels, ranges, and the function that takes each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser

PARTS = ("lhs", "rhs", "expr", "param")


@dataclass(frozen=True)
class Selector:
    """A series that an expression asks for."""

    name: str
    matchers: dict[str, str]
    # As it is written, such as 5m; empty for an instant.
    window: str = ""
    # What takes it, such as rate; empty where no function does.
    function: str = ""


def metric_names(expression: str) -> set[str]:
    """The names of the series in an expression. Raises ValueError where that is none of PromQL."""
    return {selector.name for selector in selectors(expression)}


def selectors(expression: str) -> list[Selector]:
    """Every series in an expression, from left to right; Grafana's variables may stand in it."""
    unquoted = re.sub(r'"[^"]*"', "", expression)
    windows = iter(re.findall(r"\[([^\]:]+)\]", unquoted))
    return list(found_in(promql_parser.parse(filled(expression)), windows))


def filled(expression: str, instance: str = ".+", window: str = "5m") -> str:
    """The expression with what Grafana would put in the place of its variables."""
    return re.sub(r"\$__\w+", window, expression).replace("$instance", instance)


def found_in(node: Any, windows: Iterator[str], function: str = "") -> Iterator[Selector]:
    """The series in a part of an expression."""
    match node:
        case promql_parser.MatrixSelector():
            yield as_selector(node.vector_selector, next(windows), function)
        case promql_parser.VectorSelector():
            yield as_selector(node, "", function)
        case promql_parser.Call():
            for argument in node.args:
                yield from found_in(argument, windows, node.func.name)
        case _:
            for part in PARTS:
                if (inner := getattr(node, part, None)) is not None:
                    yield from found_in(inner, windows)


def as_selector(node: promql_parser.VectorSelector, window: str, function: str) -> Selector:
    """The same without the library."""
    return Selector(
        node.name or "", {one.name: one.value for one in node.matchers.matchers}, window, function
    )
