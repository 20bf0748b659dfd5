"""The end of a console, read by people and carried in the API's XML."""

from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ec2.rehearsal.machines.console import LINES, last_words


@pytest.mark.parametrize(
    ("console", "read"),
    [
        ("\x1b[!psystemd 257 running\r\n", "systemd 257 running"),
        ("M\x1b[K[ \x1b[0;31m*\x1b[0m] Job a/start running\n", "M[ *] Job a/start running"),
        ("\x1b]0;a title\x07Welcome\n\n\x1b]2;other\x1b\\\x1b(Bto Debian\n", "Welcome\nto Debian"),
        (
            "[!!!!!!] Failed\nssh-ed25519 AAAAC3Nz root@here\nExiting PID 1...\n",
            "[!!!!!!] Failed\nExiting PID 1...",
        ),
        ("", ""),
    ],
)
def test_words_are_left_without_what_a_terminal_makes_of_them(console: str, read: str) -> None:
    assert last_words(console) == read


def test_the_end_is_what_is_read() -> None:
    assert last_words("\n".join(map(str, range(100)))).split() == [str(n) for n in range(100 - LINES, 100)]


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("\x1b")
@example("\x9b1m\ufffe\uffff")
def test_whatever_a_host_writes_the_apis_xml_stays_readable(console: str) -> None:
    words = last_words(console)
    assert ElementTree.fromstring(f"<reason>{escape(words)}</reason>").text in (words, None)  # noqa: S314
