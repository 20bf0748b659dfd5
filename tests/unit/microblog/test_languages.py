"""Every text in every language, and which language a page is in."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import microblog
from microblog import catalogues, languages, times
from tests.unit.microblog.conftest import close

PACKAGE = Path(microblog.__file__).parent
PROBLEMS = PACKAGE.parents[1] / "nginx/problem/problem.conf"
PLACEHOLDER = re.compile(r"%\((\w+)\)\w")


@pytest.mark.parametrize("code", languages.translated())
def test_every_text_is_translated_and_none_is_left_over(code):
    texts = {message.id for message in catalogues.texts(PACKAGE) if message.id}
    translation = {message.id: message for message in catalogues.read(code) if message.id}
    assert len(texts) > 80
    assert set(translation) == texts
    assert [id for id, message in translation.items() if message.fuzzy] == []
    assert [id for id, message in translation.items() if not all(strings(message.string))] == []
    assert not catalogues.read(code).fuzzy


@pytest.mark.parametrize("code", languages.translated())
def test_translations_keep_the_placeholders(code):
    for message in catalogues.read(code):
        if message.id:
            wanted = set(PLACEHOLDER.findall(strings(message.id)[-1]))
            for text in strings(message.string):
                assert set(PLACEHOLDER.findall(text)) == wanted, message.id


def strings(text) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_spanish_is_there():
    assert "es" in languages.translated()
    assert languages.own_name("es") == "Español"


@pytest.mark.parametrize(
    ("asked", "language", "word"),
    [
        ("es", "es", "Explorar"),
        ("es-MX,es;q=0.9,en;q=0.5", "es", "Explorar"),
        ("es-MX,en;q=0.5", "es", "Explorar"),
        ("en-GB,en;q=0.9,es;q=0.5", "en", "Explore"),
        ("es;q=0,fr", "en", "Explore"),
        ("fr,es;q=0.5", "es", "Explorar"),
        ("fr", "en", "Explore"),
        ("", "en", "Explore"),
        ("%%%\u00e9,;;q=x", "en", "Explore"),
    ],
)
def test_a_page_is_in_the_language_the_browser_asks_for(browser, asked, language, word):
    page = browser.page("/explore", headers={"Accept-Language": asked})
    assert page.html["lang"] == language
    assert page.select_one(".top nav a").text == word


def test_a_choice_counts_more_than_the_browser(browser):
    response = browser.post("/language", {"language": "es", "next": "/explore?before=9"})
    assert response.location == "/explore?before=9"
    assert browser.page("/explore", headers={"Accept-Language": "en"}).html["lang"] == "es"
    browser.post("/language", {"language": "en"})
    assert browser.page("/explore", headers={"Accept-Language": "es"}).html["lang"] == "en"


@pytest.mark.parametrize("language", ["", "xx", "../es", "es\0"])
def test_other_languages_are_refused(browser, language):
    assert browser.post("/language", {"language": language}).status_code == 400


def test_the_choice_leads_to_no_other_site(browser):
    assert browser.post("/language", {"language": "es", "next": "//evil.example"}).location == "/"


def test_messages_of_forms_are_translated(browser):
    browser.post("/language", {"language": "es"})
    assert "Este nombre de usuario está reservado." in browser.register("admin").text


def test_numbers_choose_the_plural(somebody):
    alice = somebody("alice")
    alice.write("uno")
    alice.post("/language", {"language": "es"})
    assert "1 publicación" in [item.text for item in alice.page("/people/alice").select(".counts li")]


@pytest.mark.parametrize(
    ("age", "english", "spanish"),
    [
        (0, "1 sec. ago", "hace 1 s"),
        (59, "59 sec. ago", "hace 59 s"),
        (5 * 60 + 30, "5 min. ago", "hace 5 min"),
        (3 * 3600, "3 hr. ago", "hace 3 h"),
        (2 * 86400, "2 days ago", "hace 2 d"),
        (11 * 86400, "1 wk. ago", "hace 1 sem."),
        (14 * 86400, "2 wk. ago", "hace 2 sem."),
        (27 * 86400, "3 wk. ago", "hace 3 sem."),
    ],
)
def test_ages_are_said_in_words(app, monkeypatch, age, english, spanish):
    now = times.now()
    monkeypatch.setattr(times, "now", lambda: now)
    then = now - timedelta(seconds=age)
    for code, words in (("en", english), ("es", spanish)):
        with app.test_request_context(headers={"Accept-Language": code}):
            app.preprocess_request()
            text = str(times.moment(then))
        assert words in text.replace("\N{NO-BREAK SPACE}", " ")
        assert f'datetime="{then.isoformat()}"' in text


def test_old_posts_show_their_date(app):
    then = datetime(2020, 2, 29, 12, 30, tzinfo=UTC)
    for code, words in (("en", "Feb 29, 2020"), ("es", "29 feb 2020")):
        with app.test_request_context(headers={"Accept-Language": code}):
            app.preprocess_request()
            assert words in str(times.moment(then))
            assert "UTC" in str(times.moment(then))


def test_a_missing_catalogue_is_one_line_that_says_what_to_run(settings, monkeypatch, tmp_path, capsys):
    source = languages.catalogue("es").read_bytes()
    monkeypatch.setattr(languages, "TRANSLATIONS", tmp_path)
    languages.catalogue("es").parent.mkdir(parents=True)
    languages.catalogue("es").write_bytes(source)
    app = microblog.create_app(settings)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line["message"] == (
        "No compiled catalogue for es: run `flask --app microblog translations compile`."
    )
    page = app.test_client().get("/explore", headers={"Accept-Language": "es"}).text
    assert "Explore" in page
    logging.getLogger().handlers.clear()
    close(app)


@pytest.fixture
def own_catalogues(tmp_path, monkeypatch) -> Path:
    for module in (languages, catalogues):
        monkeypatch.setattr(module, "TRANSLATIONS", tmp_path)
    return tmp_path


def test_a_language_is_added_updated_and_compiled(own_catalogues):
    assert "texts to translate" in catalogues.add(PACKAGE, "fr")
    assert catalogues.add(PACKAGE, "fr") == "fr is there already"
    (report,) = catalogues.update(PACKAGE)
    amount = len(catalogues.texts(PACKAGE))
    assert report == f"fr: {amount} texts, {amount} to translate"
    catalogues.compile_all()
    assert languages.catalogue("fr").with_suffix(".mo").exists()


def maps() -> dict[str, dict[str, str]]:
    """What nginx looks up for a page of its own: the variables, and what each may be for what."""
    found = re.findall(r"^map [^\n]+ \$(\w+) \{\n(.*?)^\}", PROBLEMS.read_text(), re.MULTILINE | re.DOTALL)
    return {
        name: dict(re.findall(r'^ +"?([^"\n]+?)"? ("?[^"\n]+"?);$', entries, re.MULTILINE))
        for name, entries in found
    }


def told_in(code: str, entries: dict[str, str]) -> set[str]:
    """The statuses for which there are words in a language."""
    return {key.partition(" ")[2] for key in entries if key.startswith(f"{code} ")}


def test_what_nginx_says_by_itself_it_says_in_every_language():
    problems, others = maps(), languages.translated()
    patterns = {f"~*^{code.replace('_', '-')}": code for code in others}
    assert problems["problem_language"] == {"default": "en"} | patterns
    for name in ("problem_start", "problem_request"):
        assert set(problems[name]) == {"default", *others}
    for name in ("problem_title", "problem_text"):
        entries = problems[name]
        assert {"404", "503", "planned"} <= told_in("en", entries)
        for code in others:
            assert told_in(code, entries) == told_in("en", entries)
            assert f"~^{code}" in entries, "for any other status"
        assert len(set(entries.values())) == len(entries), "nothing is only copied"
