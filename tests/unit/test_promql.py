"""What the tests of rules and dashboards find in an expression."""

import pytest

from tests.unit.promql import Selector, metric_names, selectors


def test_series_are_told_from_functions_labels_and_words() -> None:
    expression = 'sum by (job) (rate(a_total{job="x"}[5m])) / on (job) max(b:c) and d offset 5m or vector(0)'
    assert metric_names(expression) == {"a_total", "b:c", "d"}


def test_a_series_is_found_with_its_labels_its_window_and_what_takes_it() -> None:
    found = selectors(
        'histogram_quantile(0.9, rate(a_bucket{job="x", instance=~"$instance"}[$__rate_interval]))'
    )
    assert found == [
        Selector("a_bucket", {"job": "x", "instance": ".+"}, "$__rate_interval", "rate"),
    ]


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        metric_names("sum(rate(a_total)")
