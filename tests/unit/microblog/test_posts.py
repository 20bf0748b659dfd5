"""Writing, reading and deleting posts."""

import pytest
from bs4 import BeautifulSoup

from microblog.posts import writing


def bodies(page) -> list[str]:
    return [element.text for element in page.select(".post .body")]


def test_a_post_appears_at_home_in_explore_and_on_the_profile(somebody, browser):
    alice = somebody("alice")
    response = alice.write("Hello, world!")
    assert (response.status_code, response.location) == (303, "/")
    assert bodies(alice.page("/")) == ["Hello, world!"]
    assert bodies(browser.page("/explore")) == ["Hello, world!"]
    assert bodies(browser.page("/people/alice")) == ["Hello, world!"]


def test_the_newest_post_is_first(somebody):
    alice = somebody("alice")
    for body in ("one", "two", "three"):
        alice.write(body)
    assert bodies(alice.page("/")) == ["three", "two", "one"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("x" * 280, 303),
        ("x" * 281, 422),
        ("😀" * 280, 303),
        ("😀" * 281, 422),
        ("e\u0301" * 280, 303),  # composed, each is one character
        ("a\r\n" * 140, 303),  # a line break is one character
        ("", 422),
        (" \r\n\t ", 422),
        ("a\0b", 422),
        ("a\x1b[31m", 422),
        ("\ue000", 422),
    ],
)
def test_a_post_has_1_to_280_characters(somebody, body, status):
    assert somebody("alice").write(body).status_code == status


def test_a_refused_text_is_kept_in_the_form(somebody):
    response = somebody("alice").write("x" * 282)
    assert "This is 2 characters too long." in response.text
    assert BeautifulSoup(response.text, "html.parser").find("textarea").text.strip() == "x" * 282


def test_markup_in_a_post_is_text(somebody):
    alice = somebody("alice")
    alice.write("<script>alert(1)</script> & <b>")
    assert bodies(alice.page("/")) == ["<script>alert(1)</script> & <b>"]
    assert "<script>alert" not in alice.get("/").text


def test_only_people_who_are_logged_in_write(browser, store):
    assert browser.write("hello").status_code == 303
    assert bodies(browser.page("/explore")) == []


def test_a_post_has_an_address_of_its_own(somebody, browser):
    somebody("alice").write("Hello")
    link = browser.page("/explore").select_one(".when")["href"]
    assert bodies(browser.page(link)) == ["Hello"]


def test_people_delete_their_own_posts(somebody, store):
    alice = somebody("alice")
    alice.write("a mistake")
    link = alice.page("/").select_one(".when")["href"]
    form = alice.page(link).select_one(".danger form")
    assert alice.post(form["action"]).status_code == 303
    assert bodies(alice.page("/")) == []
    assert alice.get(link).status_code == 404
    assert store.user("alice").post_count == 0


def test_nobody_deletes_the_posts_of_others(somebody, store):
    alice, mallory = somebody("alice"), somebody("mallory")
    alice.write("mine")
    link = alice.page("/").select_one(".when")["href"]
    assert mallory.page(link).select_one(".danger") is None
    assert mallory.post(f"{link}/delete").status_code == 403
    assert bodies(alice.page("/")) == ["mine"]
    assert (store.user("alice").post_count, store.user("mallory").post_count) == (1, 0)


def test_a_post_is_deleted_by_a_form_alone(somebody):
    alice = somebody("alice")
    alice.write("stays")
    link = alice.page("/").select_one(".when")["href"]
    assert alice.get(f"{link}/delete").status_code == 405
    assert alice.post("/posts/999/delete").status_code == 404


def test_a_post_that_was_just_deleted_is_not_counted_twice(app, somebody, store):
    alice = somebody("alice")
    alice.write("one")
    alice.write("two")
    number = int(alice.page("/").select_one(".when")["href"].rpartition("/")[2])
    with app.app_context():
        assert writing.remove(store.user("alice"), number)
        assert not writing.remove(store.user("alice"), number)
    assert store.user("alice").post_count == 1


def test_the_number_of_posts_is_kept(somebody, store):
    alice = somebody("alice")
    alice.write("one")
    alice.write("two")
    alice.write("x" * 281)
    assert store.user("alice").post_count == 2


@pytest.mark.parametrize("path", ["/posts/0", "/posts/9223372036854775807", "/posts/9223372036854775808"])
def test_other_numbers_are_not_found(browser, path):
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("path", [f"/posts/{'9' * 400}", "/posts/-1", "/posts/1.5", "/posts/%00", "/posts/x"])
def test_what_is_no_number_is_not_found(browser, path):
    assert browser.get(path).status_code == 404
