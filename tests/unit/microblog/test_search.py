"""Searching posts and people."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from microblog.database import db
from microblog.models import Post, User
from microblog.pages import Between
from microblog.posts import writing
from microblog.search import found_posts
from microblog.search.query import Query, parse


def found(browser, query: str) -> list[str]:
    page = browser.page("/search", query_string={"q": query})
    return [element.text for element in page.select(".post .body")]


def people(browser, query: str) -> list[str]:
    page = browser.page("/search/people", query_string={"q": query})
    return [element.text for element in page.select(".post .handle")]


@pytest.mark.parametrize(
    ("typed", "phrases"),
    [
        ("two words", ["two", "words"]),
        ('"two words" one', ["two words", "one"]),
        ('"never closed', ["never closed"]),
        ("e-mail", ["e mail"]),
        ("-not +must (group) wild* ~x <y >z", ["not", "must", "group", "wild", "x", "y", "z"]),
        ("cats OR dogs NEAR(a b)", ["cats", "OR", "dogs", "NEAR a", "b"]),
        ("ana@example.org", ["ana example org"]),
        ("#1 @x", ["1", "x"]),
        ('"" " - * \' ; -- ☕ \u0301', []),
        ("", []),
    ],
)
def test_what_is_typed_is_words_and_phrases_never_operators(typed, phrases):
    assert parse(typed) == Query(tuple(tuple(phrase.split()) for phrase in phrases))


@pytest.mark.parametrize("path", ["/search", "/search/people"])
def test_a_character_that_nobody_types_is_not_in_the_box(somebody, path):
    page = somebody("alice").page(f"{path}?q=%00a%00b")
    assert page.select_one("input[name=q]")["value"] == "ab"


def test_signs_make_hashtags_and_names():
    assert parse("#Straße, @Ana_1! x") == Query((("x",),), ("strasse",), ("ana_1",))


def test_posts_with_all_of_the_words_are_found_the_newest_first(somebody, browser):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("Green tea in the Morning")
    bob.write("morning tea, and a café")
    alice.write("no t-e-a in the evening")
    assert found(browser, "tea morning") == ["morning tea, and a café", "Green tea in the Morning"]
    assert found(browser, '"green tea"') == ["Green tea in the Morning"]
    assert found(browser, '"tea green"') == []
    assert found(browser, "CAFE") == ["morning tea, and a café"]
    assert len(found(browser, "in the")) == 2, "short and common words count too"
    assert found(browser, "mornings") == found(browser, "morn") == []


def test_hashtags_and_names_find_what_is_tied_to_them(somebody, browser):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("#tea is good, @bob")
    bob.write("tea is bad")
    bob.write("#teapot #tea")
    bob.post("/posts/1/replies", {"body": "so it is"})
    assert found(browser, "#TEA") == ["#teapot #tea", "#tea is good, @bob"]
    assert found(browser, "#tea good") == ["#tea is good, @bob"]
    assert found(browser, "#tea #teapot") == ["#teapot #tea"]
    assert found(browser, "@bob") == ["#tea is good, @bob"]
    assert found(browser, "@bob #tea is") == ["#tea is good, @bob"]
    assert found(browser, "@alice") == ["so it is"]
    assert found(browser, "@nobody") == []


def test_what_is_gone_or_hidden_is_not_found(somebody, browser, store):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("tea for two")
    bob.write("tea for one")
    bob.write("tea for none")
    bob.post("/posts/3/delete")
    assert found(alice, "tea") == ["tea for one", "tea for two"]
    alice.post("/people/bob/mute")
    assert found(alice, "tea") == ["tea for two"]
    assert people(alice, "bob") == []
    assert found(browser, "tea") == ["tea for one", "tea for two"]
    alice.post("/people/bob/block")
    assert found(bob, "tea") == ["tea for one"]
    assert people(bob, "alice") == []


def test_who_leaves_is_not_found_any_more(somebody, browser, app, store):
    somebody("alice").write("tea")
    with app.app_context():
        db.session.execute(delete(User).where(User.username == "alice"))
        db.session.commit()
        assert db.session.scalar(text("SELECT COUNT(*) FROM post_search WHERE post_search MATCH 'tea'")) == 0
    assert found(browser, "tea") == people(browser, "alice") == []


def test_a_text_that_changes_is_found_by_its_new_words(somebody, browser, app):
    alice = somebody("alice")
    alice.write("old words")
    with app.app_context():
        db.session.execute(update(Post).values(body="new ones"))
        db.session.commit()
    assert found(browser, "old") == []
    assert found(browser, "new") == ["new ones"]
    alice.post("/profile/edit", {"display_name": "Señora Té", "about": "grows leaves"})
    assert people(browser, "senora lea") == ["@alice"]


def test_people_are_found_by_the_beginning_of_a_name_and_whoever_has_just_that_name_is_first(browser, store):
    for name in ("ana", "banana", "anatol", "ana_2"):
        store.add_user(name)
    assert people(browser, "ana") == people(browser, "@Ana") == ["@ana", "@ana_2", "@anatol"]
    assert people(browser, "nan") == []


def test_people_are_shown_page_by_page_each_once(browser, store):
    names = ["ana", *(f"ana_{n}" for n in range(12))]
    for name in names:
        store.add_user(name)
    seen, url = [], "/search/people?q=ana"
    while url:
        page = browser.page(url)
        seen += [element.text[1:] for element in page.select(".post .handle")]
        older = page.select_one(".older a")
        url = f"/search/people{older['href']}" if older else None
    assert sorted(seen) == sorted(names)
    assert seen[0] == "ana"


def test_pages_of_posts_keep_the_query(somebody, browser, store):
    somebody("alice")
    store.add_posts(store.user("alice").id, 12)
    seen, url = [], "/search?q=post+%26+-"
    while url:
        page = browser.page(url)
        seen += [int(link["href"].rpartition("/")[2]) for link in page.select(".when")]
        older = page.select_one(".older a")
        url = f"/search{older['href']}" if older else None
    assert seen == list(range(12, 0, -1))


def test_the_page_says_what_to_do_when_there_is_nothing(browser):
    assert browser.page("/search").select_one(".empty h2").text == "What are you looking for?"
    assert browser.page("/search?q=...").select_one(".empty h2").text == "There is no word in this"
    assert browser.page("/search?q=tea").select_one(".empty h2").text == "Nothing found"
    assert browser.page("/search/people?q=tea").select_one(".empty h2").text == "Nobody found"


def test_the_box_in_the_header_has_what_was_asked_and_nothing_of_it_is_markup(browser):
    page = browser.page("/search", query_string={"q": '"><script>alert(1)</script>'})
    assert page.select_one("header input[name=q]")["value"] == '"><script>alert(1)</script>'
    assert not any("alert" in script.text for script in page.select("script"))
    assert browser.page("/explore").select_one("header input[name=q]")["value"] == ""


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=250),
        st.text(alphabet="\"'+-*<>()~@#:^&|!%_\\/;, aZ9é\n\0", max_size=60),
        st.lists(
            st.sampled_from(["AND", "OR", "NOT", "NEAR(", "tea", '"', "body:", "*", "@8", "#x", "-"]),
            max_size=12,
        ).map(" ".join),
    )
)
def test_any_text_is_a_search(browser, typed):
    for path in ("/search", "/search/people"):
        assert browser.get(path, query_string={"q": typed}).status_code == 200


WORDS = ("tea", "milk", "sugar")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), max_size=15),
    meanwhile=st.lists(st.sampled_from((*WORDS, "delete")), max_size=6),
    asked=st.lists(st.sampled_from(WORDS), min_size=1, max_size=2),
    size=st.integers(1, 4),
)
def test_pages_neither_skip_nor_repeat_while_others_write(fresh_store, before, meanwhile, asked, size):
    store = fresh_store()
    store.add_user("writer")
    with store.app.app_context():
        writer = store.user("writer")
        written = [(writing.write(writer, " ".join(words)).id, words) for words in before]
        expected = [number for number, words in reversed(written) if set(asked) <= set(words)]
        seen, between, happening = [], Between(), list(meanwhile)
        while True:
            page = found_posts.search(parse(" ".join(asked)), None, between, size)
            seen += [entry.id for entry in page.entries]
            if page.older is None:
                break
            between = Between(page.older)
            what = happening.pop() if happening else None
            if what == "delete":
                oldest = db.session.scalar(select(Post.id).order_by(Post.id).limit(1))
                writing.remove(writer, oldest)
                expected = [number for number in expected if number != oldest or number in seen]
            elif what:
                writing.write(writer, what)
    assert seen == expected
