"""Replies, likes, reposts, mentions and hashtags."""

from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from microblog.plain_text import length
from microblog.posts import links
from tests.unit.microblog.program import program


def bodies(page) -> list[str]:
    return [element.text for element in page.select(".post .body")]


def number(browser) -> int:
    """The newest post on the explore page."""
    return int(browser.page("/explore").select_one(".when")["href"].rpartition("/")[2])


def counts(page, post_id: int) -> list[str]:
    """Replies, reposts, likes as the card shows them."""
    return [item.text.split()[-1] for item in page.select(f"#post-{post_id} .reactions > *")]


def reply(browser, post_id: int, body: str) -> int:
    answer = browser.post(f"/posts/{post_id}/replies", {"body": body})
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("-")[2])


def test_a_reply_hangs_below_its_post_and_leads_back_to_it(somebody, browser):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("question")
    first = number(alice)
    second = reply(bob, first, "answer")
    assert bodies(browser.page(f"/posts/{first}")) == ["question", "answer"]
    page = browser.page(f"/posts/{second}")
    assert bodies(page) == ["question", "answer"]
    assert "In reply to @alice" in page.select_one(".single .why").text
    assert counts(browser.page("/explore"), first)[0] == "1"


def test_replies_are_in_explore_only_through_their_post_but_on_a_tab_of_the_profile(somebody, browser):
    alice = somebody("alice")
    alice.write("question")
    reply(alice, number(alice), "answer")
    assert bodies(browser.page("/explore")) == ["question"]
    assert bodies(browser.page("/people/alice")) == ["question"]
    assert bodies(browser.page("/people/alice/replies")) == ["answer", "question"]


def test_replies_stay_when_their_post_is_deleted_and_the_place_goes_with_the_last(somebody, browser):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("root")
    root = number(alice)
    middle = reply(bob, root, "middle")
    leaf = reply(alice, middle, "leaf")
    bob.post(f"/posts/{middle}/delete")
    below_root = browser.page(f"/posts/{root}")
    assert bodies(below_root) == ["root"]
    assert "A post that was deleted" in below_root.select_one(".gap").text
    assert bodies(browser.page(f"/posts/{middle}")) == ["root", "leaf"]
    at_leaf = browser.page(f"/posts/{leaf}")
    assert bodies(at_leaf) == ["root", "leaf"]
    assert len(at_leaf.select(".gap")) == 1
    assert bob.post(f"/posts/{middle}/replies", {"body": "too late"}).status_code == 404
    alice.post(f"/posts/{leaf}/delete")
    assert browser.get(f"/posts/{middle}").status_code == 404
    assert browser.page(f"/posts/{root}").select(".gap") == []


def test_a_long_thread_is_read_page_by_page_and_a_deep_one_shows_what_is_near(app, somebody, browser):
    app.config["WRITES_PER_MINUTE"] = 1_000
    alice = somebody("alice")
    alice.write("root")
    root = number(alice)
    written = [reply(alice, root, f"answer {n}") for n in range(12)]
    seen, url = [], f"/posts/{root}"
    while url:
        page = browser.page(url)
        seen += [int(item["id"].rpartition("-")[2]) for item in page.select(".replies .post")]
        more = page.select_one(".older a")
        url = f"/posts/{root}{more['href']}" if more else None
    assert seen == written
    deepest = root
    for n in range(25):
        deepest = reply(alice, deepest, f"depth {n}")
    assert len(browser.page(f"/posts/{deepest}").select(".above .post")) == 20


def test_a_refused_reply_is_kept_in_its_form(somebody):
    alice = somebody("alice")
    alice.write("root")
    answer = alice.post(f"/posts/{number(alice)}/replies", {"body": "x" * 281})
    assert answer.status_code == 422
    assert "1 character too long" in answer.text
    assert "x" * 281 in answer.text


@pytest.mark.parametrize(("name", "position"), [("repost", 1), ("like", 2)])
def test_doing_it_twice_counts_once_and_can_be_taken_back(somebody, name, position):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("hello")
    post = number(alice)
    for _ in range(2):
        answer = bob.post(f"/posts/{post}/{name}", {"next": f"/explore#post-{post}"})
        assert (answer.status_code, answer.location) == (303, f"/explore#post-{post}")
    page = bob.page("/explore")
    assert counts(page, post)[position] == "1"
    assert page.select_one(f"button[formaction='/posts/{post}/un{name}']")["aria-pressed"] == "true"
    for _ in range(2):
        bob.post(f"/posts/{post}/un{name}")
    page = bob.page("/explore")
    assert counts(page, post)[position] == name.title()
    assert page.select_one(f"button[formaction='/posts/{post}/{name}']")["aria-pressed"] == "false"


@pytest.mark.parametrize("name", ["like", "unlike", "repost", "unrepost", "replies", "delete"])
def test_reactions_need_a_form_a_login_and_a_post(somebody, browser, name):
    alice = somebody("alice")
    assert alice.get(f"/posts/1/{name}").status_code == 405
    assert browser.post(f"/posts/1/{name}").location == "/login"
    for strange in ("999", "9223372036854775807", "9223372036854775808", "%00"):
        assert alice.post(f"/posts/{strange}/{name}", {"body": "x"}).status_code == 404


def test_nobody_passes_on_their_own_posts(somebody):
    alice = somebody("alice")
    alice.write("hello")
    assert alice.post(f"/posts/{number(alice)}/repost").status_code == 400


def test_a_button_leads_to_no_other_site(somebody):
    alice = somebody("alice")
    alice.write("hello")
    post = number(alice)
    assert alice.post(f"/posts/{post}/like", {"next": "//evil.example"}).location == f"/posts/{post}"


def test_a_repost_reaches_followers_once_and_the_profile(somebody, browser):
    alice, bob, carol, dave = (somebody(name) for name in ("alice", "bob", "carol", "dave"))
    alice.write("passed on")
    post = number(alice)
    for friend in ("bob", "carol"):
        dave.post(f"/people/{friend}/follow")
    for reposter in (bob, carol):
        reposter.post(f"/posts/{post}/repost")
    page = dave.page("/")
    assert bodies(page) == ["passed on"]
    assert "reposted by bob" in page.select_one(".why").text
    assert bodies(browser.page("/people/carol")) == ["passed on"]
    dave.post("/people/alice/follow")
    page = dave.page("/")
    assert bodies(page) == ["passed on"]
    assert page.select(".why") == []


def test_the_likes_are_in_the_order_they_were_given_and_for_oneself(somebody, browser):
    alice = somebody("alice")
    posts = []
    for body in ("one", "two", "three"):
        alice.write(body)
        posts.append(number(alice))
    for post in (posts[2], posts[0]):
        alice.post(f"/posts/{post}/like")
    assert bodies(alice.page("/likes")) == ["one", "three"]
    assert browser.get("/likes").location == "/login?next=/likes"
    alice.post(f"/posts/{posts[0]}/delete")
    assert bodies(alice.page("/likes")) == ["three"]


def test_names_and_hashtags_lead_somewhere_and_are_found(somebody, browser):
    alice, bob = somebody("alice"), somebody("Bob")
    alice.write("hi @bob and @nobody, see #Straße or a@bob.example #42")
    post = browser.page("/explore").select_one(".body")
    assert [(link["href"], link.text) for link in post.select("a")] == [
        ("/people/bob", "@bob"),
        ("/tags/strasse", "#Straße"),
    ]
    assert len(bodies(bob.page("/mentions"))) == 1
    for tag in ("strasse", "STRASSE", "Straße"):
        assert len(bodies(browser.page(f"/tags/{tag}"))) == 1
    assert bodies(alice.page("/mentions")) == []


def test_a_reply_is_among_the_mentions_of_whom_it_answers(somebody):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("question")
    reply(bob, number(alice), "answer")
    reply(alice, number(alice), "to myself")
    assert bodies(alice.page("/mentions")) == ["answer"]


@pytest.mark.parametrize("tag", ["%00", "a%00", "x" * 65, "42", "a%20b", "%3Cb%3E", "%ff", "ß" * 64, "😀"])
def test_what_is_no_hashtag_is_not_found(browser, tag):
    assert browser.get(f"/tags/{tag}").status_code == 404
    assert browser.get(f"/fresh/tags/{tag}").status_code == 404


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@alice", ["@alice"]),
        ("(@alice), #tag.", ["@alice", "#tag"]),
        ("a@alice #a#b ##c @@alice", []),
        ("@alice@example.org https://example.org/#top /@alice", []),
        ("#東京 #हिन्दी #ñandú", ["#東京", "#हिन्दी", "#ñandú"]),
        ("@al @" + "x" * 33, []),
        ("#" + "x" * 64 + " #" + "x" * 65, ["#" + "x" * 64]),
        ("#1 #_ #1a", ["#1a"]),
        ("#foo#bar #foo@bar #foo＃bar #foo＠bar @foo＠bar #foo/#bar", ["#foo"]),
        ("＃東京 ＠alice a＃b a＠alice ＃＃b", ["＃東京", "＠alice"]),
        ("#می\u200cخواهم #ශ්\u200dරී #paral·lel", ["#می\u200cخواهم", "#ශ්\u200dරී", "#paral·lel"]),
        ("#foo\u200d☕ #bar· #·no #a··b", ["#foo", "#bar", "#a"]),
        ("https://x.example/page?user=@bob&tag=#news", []),
        ("(HTTP://x.example/?q=a,@bob#top) @bob", ["@bob"]),
        ("http://\n#tag https:// #tea", ["#tag", "#tea"]),
    ],
)
def test_what_counts_as_a_name_or_a_hashtag(text, found):
    assert [text[link.start : link.end] for link in links.find(text)] == found


@pytest.mark.parametrize(
    ("tag", "key"),
    [
        ("می\u200cخواهم", "میخواهم"),
        ("ශ්\u200dරී", "ශ්රී"),
        ("e\u200d\u0301té", "été"),
        ("Paral·lel", "paral·lel"),
        ("paral\u0387lel", "paral·lel"),
        ("·no", None),
        ("\u200c", None),
    ],
)
def test_what_only_joins_letters_makes_no_other_hashtag(tag, key):
    assert links.fold(tag) == key
    assert key is None or links.fold(key) == key


def test_who_is_told_what_is_listed_and_what_is_linked_agree(app, somebody, browser):
    alice, bob, carol = somebody("alice"), somebody("bob"), somebody("carol")
    alice.write("＠bob #می\u200cخواهم ＃東京 #a#b #c@carol https://x.example/?u=@carol&t=#news")
    shown = browser.page("/explore").select_one(".body").select("a")
    assert [(link["href"], link.text) for link in shown] == [
        ("/people/bob", "＠bob"),
        (f"/tags/{quote('میخواهم')}", "#می\u200cخواهم"),
        (f"/tags/{quote('東京')}", "＃東京"),
    ]
    assert (
        len(bodies(bob.page("/mentions"))) == len(bob.page("/notifications").select(".notifications li")) == 1
    )
    assert bodies(carol.page("/mentions")) == carol.page("/notifications").select(".notifications li") == []
    for tag in ("میخواهم", "می\u200cخواهم", "東京"):
        assert len(bodies(browser.page(f"/tags/{tag}"))) == len(bodies(found(browser, f"#{tag}"))) == 1
    for tag in ("a", "b", "c", "carol", "news"):
        assert bodies(browser.page(f"/tags/{tag}")) == []
    (told,) = program(app, "alice").pages("/timelines/public")
    assert (told["mentions"], told["tags"]) == (["bob"], ["میخواهم", "東京"])


def found(browser, query: str):
    return browser.page("/search", query_string={"q": query})


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(["@alice", "#tag", " ", "<b>", "&amp;", '"', "#ß", "@", "＃", "\u200d", "https://"]),
    ),
    max_size=30,
).map("".join)


@given(TEXTS)
def test_links_change_no_letter_of_a_text_and_add_no_markup(text):
    text = text.replace("\0", "").replace("\r", "")
    found = links.find(text)
    places = links.stored(found, {link.key for link in found})
    assert len(places or "") <= 400
    html = links.linked(text, places, "/people/", "/tags/")
    # Elsewhere the parser makes one space of several.
    page = BeautifulSoup(f"<pre>text: {html}</pre>", "html.parser")
    assert page.text == f"text: {text}"
    assert {element.name for element in page.find_all()} <= {"pre", "a"}
    for link, element in zip(found, page.find_all("a"), strict=True):
        assert element["href"].startswith("/people/" if link.sign == "@" else "/tags/")
        assert set(element.attrs) == {"href"}
        assert links.fold(link.key) == link.key or link.sign == "@"


@pytest.mark.parametrize(
    ("text", "characters"), [("abc", 3), ("👨‍👩‍👧‍👦", 1), ("🇪🇸🇺🇾", 2), ("g̈", 1), ("👍🏽!", 2), ("नि", 1)]
)
def test_a_character_is_what_a_person_takes_for_one(text, characters):
    assert length(text) == characters


@pytest.mark.parametrize(
    ("body", "status"), [("👨‍👩‍👧‍👦" * 280, 303), ("👨‍👩‍👧‍👦" * 281, 422), ("a" + "\u0301" * 2801, 422)]
)
def test_the_limit_counts_families_not_their_members(somebody, body, status):
    alice = somebody("alice")
    assert alice.write(body).status_code == status
    assert bodies(alice.page("/")) == ([body] if status == 303 else [])


def test_new_posts_are_counted_and_nothing_new_costs_nothing(somebody, browser, store):
    alice, bob = somebody("alice"), somebody("bob")
    alice.post("/people/bob/follow")
    bob.write("#one @alice")
    last = number(bob)
    bob.write("#one @alice")
    for path in ("/fresh/home", "/fresh/explore", "/fresh/mentions", "/fresh/tags/one"):
        with store.statements() as sent:
            answer = alice.get(f"{path}?after={last}")
        assert answer.json == {"count": 1, "text": "1 new post"}
        assert len(sent) == 2, sent  # who asks, and the one query
        again = alice.get(f"{path}?after={last}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert alice.get(f"{path}?after={last + 1}").json == {"count": 0, "text": ""}
        assert alice.get(f"{path}?after=x").status_code == 400
    with store.statements() as sent:
        assert browser.get("/fresh/explore").json["count"] == 2
    assert len(sent) == 1
    assert browser.get("/fresh/home").status_code == browser.get("/fresh/mentions").status_code == 403


def test_the_first_page_asks_for_what_is_newer_than_itself(somebody):
    alice = somebody("alice")
    alice.write("one")
    place = number(alice)
    for path, fresh in (("/", "/fresh/home"), ("/explore", "/fresh/explore")):
        assert alice.page(path).select_one("[data-fresh]")["data-fresh"] == f"{fresh}?after={place}"
        assert alice.page(f"{path}?before=99").select_one("[data-fresh]") is None
