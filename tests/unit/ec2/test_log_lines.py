"""Lines of logs, read and merged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2.log_lines import Line, Merger, read_line


def line(at: str, host: str = "app", text: str = "") -> Line:
    return Line(f"2026-01-31T12:00:{at}.000000000Z", host, "nginx", text)


def test_a_line_has_its_host_service_time_and_text() -> None:
    printed = "nginx_exporter-1 2026-01-31T12:00:00.123456789Z a | b - 2"
    assert read_line("app", printed) == Line(
        "2026-01-31T12:00:00.123456789Z", "app", "nginx_exporter", "a | b - 2"
    )


@pytest.mark.parametrize(
    ("printed", "source"),
    [
        ("microblog-2 2026-01-31T12:00:00.000000000Z x", "app/microblog-2"),
        ("microblog-1 2026-01-31T12:00:00.000000000Z x", "app/microblog"),
        ("nginx-1 2026-01-31T12:00:00.000000000Z ", "app/nginx"),
        ("nginx-1 2026-01-31T12:00:00.000000000Z", "app/nginx"),
    ],
)
def test_the_second_container_of_a_service_has_its_number(printed: str, source: str) -> None:
    found = read_line("app", printed)
    assert found is not None
    assert found.source == source


@pytest.mark.parametrize("printed", ["", "nginx-1 2026-01-31", "bash: warning: no such locale"])
def test_what_is_not_from_a_container_is_no_line(printed: str) -> None:
    assert read_line("app", printed) is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b[2J\x1b[Hover", "over"),
        ("back\rand\bforth", "backandforth"),
        ("a\tb", "a       b"),
        ("ümläut ✓", "ümläut ✓"),
    ],
)
def test_nothing_in_a_line_moves_the_cursor_or_colours_the_terminal(said: str, shown: str) -> None:
    found = read_line("app", f"nginx-1 2026-01-31T12:00:00.000000000Z {said}")
    assert found is not None
    assert found.text == shown


def test_a_line_is_held_for_a_moment_since_an_earlier_one_may_come_from_another_host() -> None:
    merger = Merger(hold_seconds=0.5)
    merger.add(line("02"), now=10.0)
    assert merger.ripe(now=10.4) == []
    merger.add(line("01", "monitoring"), now=10.4)
    assert merger.ripe(now=10.5) == [line("01", "monitoring"), line("02")]
    assert merger.rest() == []


def test_a_later_line_that_has_just_come_waits() -> None:
    merger = Merger(hold_seconds=0.5)
    merger.add(line("01"), now=10.0)
    merger.add(line("02"), now=10.4)
    assert merger.ripe(now=10.5) == [line("01")]
    assert merger.rest() == [line("02")]


@given(st.lists(st.tuples(st.integers(10, 59), st.sampled_from(["app", "monitoring"]), st.text())))
def test_at_the_end_every_line_was_given_once_and_in_order(lines: list[tuple[int, str, str]]) -> None:
    merger, came = Merger(), [line(str(at), host, text) for at, host, text in lines]
    for each in came:
        merger.add(each, now=0.0)
    assert merger.rest() == sorted(came)
