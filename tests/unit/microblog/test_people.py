"""Profiles, following, and editing one's own profile."""

import pytest

from microblog.avatars import COLOURS


def counts(page) -> list[str]:
    return [element.text for element in page.select(".counts li")][:3]


def test_following_changes_both_counts(somebody, store):
    alice, _ = somebody("alice"), somebody("bob")
    assert alice.post("/people/bob/follow").location == "/people/bob"
    assert counts(alice.page("/people/bob")) == ["0 posts", "1 follower", "follows 0 people"]
    assert counts(alice.page("/people/alice")) == ["0 posts", "0 followers", "follows 1 person"]
    alice.post("/people/bob/unfollow")
    assert counts(alice.page("/people/bob")) == ["0 posts", "0 followers", "follows 0 people"]
    assert store.user("alice").following_count == 0


def test_doing_it_twice_counts_once(somebody, store):
    alice, _ = somebody("alice"), somebody("bob")
    for _n in range(2):
        assert alice.post("/people/bob/follow").status_code == 303
    assert (store.user("bob").follower_count, store.user("alice").following_count) == (1, 1)
    for _n in range(2):
        assert alice.post("/people/bob/unfollow").status_code == 303
    assert (store.user("bob").follower_count, store.user("alice").following_count) == (0, 0)


def test_the_button_says_what_it_does(somebody, browser):
    alice, _ = somebody("alice"), somebody("bob")
    assert alice.page("/people/bob").select_one(".profile button").text == "Follow"
    alice.post("/people/bob/follow")
    assert alice.page("/people/bob").select_one(".profile button").text == "Unfollow"
    assert alice.page("/people/alice").select_one(".profile button") is None
    assert browser.page("/people/bob").select_one(".profile button") is None


def test_nobody_follows_themselves(somebody):
    alice = somebody("alice")
    assert alice.post("/people/alice/follow").status_code == 400
    assert alice.post("/people/ALICE/unfollow").status_code == 400


def test_following_needs_a_form_and_a_login(somebody, browser):
    somebody("bob")
    assert somebody("alice").get("/people/bob/follow").status_code == 405
    assert browser.post("/people/bob/follow").location == "/login"


def test_nobody_is_not_found(somebody, browser):
    assert browser.get("/people/nobody").status_code == 404
    assert somebody("alice").post("/people/nobody/follow").status_code == 404


def test_a_profile_is_found_whatever_the_case(somebody, browser):
    somebody("Alice")
    assert browser.page("/people/aLiCe").select_one(".handle").text == "@Alice"


def test_people_say_who_they_are(somebody, browser):
    alice = somebody("alice")
    response = alice.post("/profile/edit", {"display_name": " Älice <3 ", "about": "Line one\r\nline two"})
    assert response.location == "/people/alice"
    page = browser.page("/people/alice")
    assert page.find("h1").text == "Älice <3"
    assert page.select_one(".about").text == "Line one\nline two"
    assert alice.page("/profile/edit").find("input", {"name": "display_name"})["value"] == "Älice <3"


def test_without_a_name_the_user_name_is_shown(somebody, browser):
    alice = somebody("alice")
    alice.post("/profile/edit", {"display_name": "Alice A.", "about": ""})
    alice.post("/profile/edit", {"display_name": "", "about": ""})
    assert browser.page("/people/alice").find("h1").text == "alice"


@pytest.mark.parametrize("name", ["\u200b", "\u2800", "\u3164 \u115f\u1160", "\u00ad\ufe0f\u2060"])
def test_a_name_that_nobody_sees_is_none(somebody, name):
    alice = somebody("alice")
    alice.post("/profile/edit", {"display_name": name, "about": name})
    assert alice.page("/people/alice").select_one("h1").text == "alice"
    assert alice.page("/profile/edit").find("input", {"name": "display_name"})["value"] == ""
    assert alice.write(name).status_code == 422


@pytest.mark.parametrize(
    ("field", "text", "status"),
    [
        ("display_name", "x" * 64, 303),
        ("display_name", "x" * 65, 422),
        ("display_name", "two\nlines", 422),
        ("display_name", "a\0", 422),
        ("display_name", "\u202eecila", 422),
        ("about", "x" * 280, 303),
        ("about", "x" * 281, 422),
        ("about", "a\x07", 422),
    ],
)
def test_what_people_say_about_themselves_has_bounds(somebody, field, text, status):
    assert somebody("alice").post("/profile/edit", {field: text}).status_code == status


def test_everybody_has_a_picture_of_their_own(client):
    alice, bob = client.get("/avatars/alice.svg"), client.get("/avatars/Bob_Jones.svg")
    assert alice.mimetype == "image/svg+xml"
    assert "max-age=2592000" in alice.headers["Cache-Control"]
    assert "Set-Cookie" not in alice.headers
    assert ">AL<" in alice.text
    assert ">BJ<" in bob.text
    assert client.get("/avatars/alice.svg").data == alice.data


@pytest.mark.parametrize("name", ["<script>", "a/b", "../x", "a", "%22onload"])
def test_a_picture_holds_nothing_but_a_name(client, name):
    assert client.get(f"/avatars/{name}.svg").status_code == 404


def test_white_letters_are_readable_on_every_colour():
    def brightness(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert min(1.05 / (brightness(colour) + 0.05) for pair in COLOURS for colour in pair) >= 4.5
