"""As much of PromQL as it takes to find the series in an expression."""

import re

WORDS = {"and", "or", "unless", "bool", "offset", "group_left", "group_right"}


def metric_names(expression: str) -> set[str]:
    """The names of the series: identifiers outside of selectors, ranges, grouping lists and calls."""
    bare = re.sub(
        r"\{[^{}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)|\"[^\"]*\"", " ", expression
    )
    bare = re.sub(r"\boffset\s+\w+", " ", bare)
    return set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare)) - WORDS
