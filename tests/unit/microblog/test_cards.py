"""A person in short, as the script shows it beside a name."""

from bs4 import BeautifulSoup

from microblog.people import hiding


def card(browser, name: str, query: str = "") -> BeautifulSoup:
    return browser.page(f"/people/{name}/card{query}")


def test_a_card_is_a_piece_of_a_page_with_name_words_and_counts(somebody, store):
    alice = somebody("alice")
    store.add_posts(store.add_user("bob", display_name="Bob <b>", about="I & you"), 2)
    found = card(alice, "bob")
    assert found.find("html") is None
    assert "Bob <b>" in found.text
    assert found.select_one(".about").text == "I & you"
    counts = [item.text for item in found.select(".counts li")]
    assert counts == ["2 posts", "0 followers", "follows 0 people"]


def test_following_from_a_card_leads_back_to_the_page(somebody, store):
    alice = somebody("alice")
    store.add_user("bob")
    form = card(alice, "bob", "?next=/explore?before=9").form
    assert form["action"] == "/people/bob/follow"
    fields = {field["name"]: field["value"] for field in form.find_all("input")}
    response = alice.client.post(form["action"], data=fields)
    assert (response.status_code, response.location) == (303, "/explore?before=9")
    assert card(alice, "bob").form["action"] == "/people/bob/unfollow"


def test_a_card_leads_to_this_site_only(somebody, store):
    alice = somebody("alice")
    store.add_user("bob")
    assert card(alice, "bob", "?next=//evil.example/").find("input", {"name": "next"}) is None


def test_strangers_and_oneself_have_nobody_to_follow(somebody, store, browser):
    alice = somebody("alice")
    assert card(alice, "alice").form is None
    assert card(browser, "alice").form is None
    assert browser.get("/people/nobody/card").status_code == 404


def test_a_block_shows_nothing_to_either(app, somebody, store):
    alice, bob = somebody("alice"), somebody("bob")
    with app.app_context():
        hiding.block(store.user("alice"), store.user("bob"))
    assert bob.get("/people/alice/card").status_code == 404
    assert "You block this person" in card(alice, "bob").text
    assert card(alice, "bob").form is None


def test_a_card_costs_two_statements(somebody, store):
    alice = somebody("alice")
    store.add_user("bob")
    with store.statements() as sent:
        card(alice, "bob")
    assert len(sent) <= 2
