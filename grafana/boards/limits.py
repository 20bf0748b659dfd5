"""From which value on a figure is yellow or red; what an alert asks about has the bound of that alert."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

RULES = Path(__file__).parents[2] / "prometheus/rules"
GOOD, DOUBTFUL, BAD, NEUTRAL = "green", "orange", "red", "blue"
# The bound of an alert's expression, which may be a product: a > 0.05, or a > 14.4 * 0.005 and b > 0.1.
BOUND = re.compile(r"[<>]=?\s*([\d.]+)(?:\s*\*\s*([\d.]+))?\s*(?:$|\band\b)")


def none() -> ThresholdsConfig:
    """No value of it is good or bad."""
    return steps((None, NEUTRAL))


def above(doubtful: float | None = None, bad: float | None = None) -> ThresholdsConfig:
    """More is worse."""
    return steps(
        (None, GOOD),
        *((value, colour) for value, colour in ((doubtful, DOUBTFUL), (bad, BAD)) if value is not None),
    )


def below(doubtful: float | None = None, bad: float | None = None) -> ThresholdsConfig:
    """Less is worse: under a bound the figure has its colour."""
    bounds = [(value, colour) for value, colour in ((bad, BAD), (doubtful, DOUBTFUL)) if value is not None]
    colours = [colour for _, colour in bounds] + [GOOD]
    return steps(*zip([None, *(value for value, _ in bounds)], colours, strict=True))


def steps(*values: tuple[float | None, str]) -> ThresholdsConfig:
    """Each colour from its value on; the first has none."""
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value, colour) for value, colour in values])
    )


def of_alert(name: str, severity: str = "") -> float:
    """The bound of an alert. Raises LookupError where there is no such alert, or its expression has none."""
    for rule in rules():
        if rule.get("alert") == name and severity in ("", rule["labels"]["severity"]):
            if found := BOUND.search(" ".join(str(rule["expr"]).split())):
                return round(float(found[1]) * float(found[2] or 1), 6)
            break
    raise LookupError(f"no bound in an alert {name} {severity}".rstrip())


@cache
def rules() -> tuple[dict[str, Any], ...]:
    """Every rule of Prometheus."""
    files = (yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml")))
    return tuple(rule for file in files for group in file["groups"] for rule in group["rules"])
