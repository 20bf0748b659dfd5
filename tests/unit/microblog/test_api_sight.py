"""Nothing is seen through the API that the pages hide, and no page of a list skips or repeats anything."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microblog.api.cursors import cursor, place
from microblog.pages import LARGEST_ID
from tests.unit.microblog.program import Program, program

NAMES = ("ann", "ben", "cal", "dee")
LISTS = (
    "/timelines/public",
    "/timelines/home",
    "/timelines/mentions",
    "/timelines/likes",
    "/timelines/tags/all",
    "/users",
    *(f"/users/{name}/{what}" for name in NAMES for what in ("posts", "followers", "following")),
)
property_test = settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(place=st.integers(0, LARGEST_ID))
def test_a_cursor_leads_back_to_its_place(place: int):
    assert globals()["place"](cursor(place)) == place


@given(text=st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True))
def test_any_cursor_of_the_right_form_is_some_place(text: str):
    assert 0 <= place(text) <= LARGEST_ID


@property_test
@given(amount=st.integers(0, 23), limit=st.integers(1, 9), between=st.integers(0, 3))
def test_every_post_is_there_once_however_long_the_pages(app, fresh_store, amount, limit, between):
    store = fresh_store()
    posts = store.add_posts(store.add_user("ann"), amount)
    stranger = Program(app.test_client())
    seen, path = [], f"/timelines/public?limit={limit}"
    while path:
        answer = stranger.get(path)
        seen += [item["id"] for item in answer.json["items"]]
        path = answer.json["next"]
        assert len(answer.json["items"]) <= limit
        assert answer.headers.get("Link") == (f'<{path}>; rel="next"' if path else None)
        store.add_posts(store.user("ann").id, between)  # others write meanwhile
    assert seen == posts[::-1]


@pytest.fixture
def crowd(app) -> dict[str, Program]:
    return {name: program(app, name) for name in NAMES}


@property_test
@given(
    ties=st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(["block", "mute"]), st.sampled_from(NAMES)).filter(
            lambda tie: tie[0] != tie[2]
        ),
        max_size=4,
    )
)
def test_nobody_sees_through_a_block_or_a_mute(app, fresh_store, ties):
    fresh_store()
    app.config.update(API_REQUESTS_PER_MINUTE=1_000_000, WRITES_PER_MINUTE=1_000_000)
    crowd = {name: program(app, name) for name in NAMES}
    posts = {name: who.write(f"by {name} @ann @ben @cal @dee #all") for name, who in crowd.items()}
    for name, who in crowd.items():
        talk_to_everybody(who, {author: post for author, post in posts.items() if author != name})
    for reader, tie, author in ties:
        assert crowd[reader].put(f"/users/{author}/{tie}").status_code in {204, 404}
    for reader, who in crowd.items():
        looks(who, posts, {other for other in NAMES if not sees(ties, reader, other)})


def talk_to_everybody(who: Program, posts: dict[str, int]) -> None:
    for author, post in posts.items():
        who.put(f"/users/{author}/follow")
        who.put(f"/posts/{post}/like")
        who.put(f"/posts/{post}/repost")
        who.write("an answer", in_reply_to=post)


def looks(who: Program, posts: dict[str, int], unseen: set[str]) -> None:
    """Fails if there is anything of the unseen in any list, or if others are missing."""
    for path in LISTS:
        if set(path.split("/")) & unseen:
            assert who.get(path).status_code == 404
        else:
            assert not names_in(who.pages(path)) & unseen, path
    assert {person["username"] for person in who.pages("/users")} == set(NAMES) - unseen
    for author, post in posts.items():
        assert who.get(f"/posts/{post}").status_code == (404 if author in unseen else 200)
        assert who.put(f"/posts/{post}/like").status_code == (404 if author in unseen else 204)
        if author not in unseen:
            assert not names_in(who.pages(f"/posts/{post}/replies")) & unseen


def sees(ties: list[tuple[str, str, str]], reader: str, author: str) -> bool:
    """Whether a reader sees an author after these ties, of which a blocked person can make no more."""
    hidden: set[tuple[str, str]] = set()
    blocked_by: set[tuple[str, str]] = set()
    for one, tie, other in ties:
        if (other, one) in blocked_by and (one, other) not in blocked_by:
            continue
        hidden.add((one, other))
        if tie == "block":
            hidden.add((other, one))
            blocked_by.add((one, other))
    return (reader, author) not in hidden


def names_in(items: list[dict]) -> set[str]:
    """Every name that a list tells but those in the texts of posts."""
    found = set()
    for item in items:
        found |= {item.get("username"), (item.get("author") or {}).get("username")}
        found |= {(item.get(part) or {}).get("username") for part in ("in_reply_to", "reposted_by")}
    return found - {None}


def test_a_block_is_not_told_to_the_one_who_is_blocked(crowd):
    ann, ben = crowd["ann"], crowd["ben"]
    ann.patch("/me", json={"about": "a secret from ben"})
    ann.put("/users/ben/block")
    nobody = ben.get("/users/nobody")
    blocked = ben.get("/users/ann")
    assert blocked.status_code == 404
    assert blocked.json | {"request_id": ""} == nobody.json | {"request_id": ""}
    assert ben.put("/users/ann/follow").status_code == 404
    seen = ann.get("/users/ben").json
    assert seen["relation"]["blocked"]
    assert seen["about"] is seen["post_count"] is seen["last_seen"] is None
    assert ann.put("/users/ben/follow").status_code == 403
    (hidden,) = ann.pages("/me/hidden")
    assert (hidden["username"], hidden["blocked"], hidden["muted"]) == ("ben", True, False)
    ann.delete("/users/ben/block")
    assert ben.get("/users/ann").status_code == 200
    assert ann.pages("/me/hidden") == []
