"""The language a post is in, as screen readers are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microblog.posts import spoken_language
from tests.unit.microblog.program import program


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The new release is out and everyone is happy about it", "en"),
        ("Mañana vamos a la playa con los niños", "es"),
        ("Das Wetter ist heute schön, gehen wir spazieren?", "de"),
        ("Je suis très content de vous voir ici", "fr"),
        ("これは日本語です", "ja"),
        ("@bob #hello mañana vamos a la playa con los niños https://example.org/the/new/one", "es"),
    ],
)
def test_a_sentence_is_known(text, language):
    assert spoken_language.of(text) == language


@pytest.mark.parametrize(
    "text", ["", "ok", "lol 😂", "@alice #weather", "12345 67890 12345", "\x00\ud800 hm"]
)
def test_what_is_too_short_is_of_no_language(text):
    assert spoken_language.of(text) is None


@given(st.text())
def test_no_text_is_too_strange(text):
    language = spoken_language.of(text)
    assert language is None or spoken_language.CODE.fullmatch(language)


def test_without_the_library_nobody_knows(monkeypatch):
    monkeypatch.setattr(spoken_language, "pycld2", None)
    assert spoken_language.of("The new release is out and everyone is happy about it") is None


def test_a_post_says_what_it_is_in(somebody):
    alice = somebody("alice")
    alice.write("Mañana vamos a la playa con los niños")
    assert alice.page("/").select_one("p.body")["lang"] == "es"


def test_a_short_post_is_in_the_language_its_author_reads(somebody):
    alice = somebody("alice")
    alice.post("/language", {"language": "es"})
    alice.write("¡vale!")
    assert alice.page("/").select_one("p.body")["lang"] == "es"


def test_a_post_of_a_program_is_in_a_language_too(app, somebody):
    alice = somebody("alice")
    alice.post("/language", {"language": "es"})
    for body in ("The new release is out and everyone is happy about it", "¡vale!"):
        program(app, "alice").write(body)
    assert [body["lang"] for body in alice.page("/").select("p.body")] == ["es", "en"]


def test_a_post_of_before_says_nothing(store, browser):
    store.add_posts(store.add_user("alice"), 1)
    assert not browser.page("/explore").select_one("p.body").has_attr("lang")
