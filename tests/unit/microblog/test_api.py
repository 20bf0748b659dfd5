"""What programs read and write: people, posts, timelines; every answer is held against the document."""

import io
import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from microblog import create_app
from microblog.api import rates
from microblog.api.operations import OPERATIONS
from microblog.database import db
from microblog.settings import Settings
from tests.unit.microblog.conftest import close
from tests.unit.microblog.pictures import opened, photo
from tests.unit.microblog.program import Program, components, program

KEY = "a key for tests that is long enough"


@pytest.fixture
def stranger(app: Flask) -> Program:
    return Program(app.test_client())


@pytest.fixture
def alice(app: Flask) -> Program:
    return program(app, "alice")


@pytest.fixture
def bob(app: Flask) -> Program:
    return program(app, "bob")


def bodies(items: list[dict[str, object]]) -> list[object]:
    return [item.get("body") for item in items]


# People


def test_a_person_is_the_same_to_a_stranger_and_to_a_token(alice, bob, stranger):
    alice.patch("/me", json={"display_name": "Alice A.", "about": "Reads."})
    seen = stranger.get("/users/ALICE").json
    assert (seen["username"], seen["display_name"], seen["about"]) == ("alice", "Alice A.", "Reads.")
    known = bob.get("/users/alice").json
    assert known.pop("relation") == {
        "following": False,
        "followed_by": False,
        "muted": False,
        "blocked": False,
    }
    seen.pop("relation")
    assert known == seen


@pytest.mark.parametrize(
    "path", ["/users/nobody", "/users/nobody/posts", "/users/x", "/users/a%20b", "/posts/9"]
)
def test_what_is_not_there_is_a_problem(alice, stranger, path):
    for who in (alice, stranger):
        assert who.get(path).status_code == 404


def test_one_person_takes_at_most_two_statements(app, alice, bob, stranger, store):
    alice.get("/me")
    for who in (alice, stranger):
        with store.statements() as sent:
            assert who.get("/users/bob").status_code == 200
        assert 1 <= len(sent) <= 2, sent
        assert all(statement.startswith("SELECT") for statement in sent)


@pytest.mark.parametrize(
    "path",
    ["/timelines/home", "/timelines/public", "/timelines/mentions", "/timelines/likes", "/users/bob/posts"],
)
def test_a_timeline_takes_at_most_four_statements(alice, bob, store, path):
    alice.put("/users/bob/follow")
    for n in range(5):
        alice.put(f"/posts/{bob.write(f'{n} @alice')}/like")
    with store.statements() as sent:
        assert len(alice.get(path).json["items"]) == 5
    assert 1 <= len(sent) <= 4, sent
    assert all(statement.startswith("SELECT") for statement in sent)


def test_people_follow_and_are_listed(alice, bob, stranger):
    for _ in range(2):
        assert alice.put("/users/bob/follow").status_code == 204
    assert stranger.get("/users/bob").json["follower_count"] == 1
    assert [one["username"] for one in stranger.pages("/users/bob/followers")] == ["alice"]
    assert [one["username"] for one in stranger.pages("/users/alice/following")] == ["bob"]
    assert alice.get("/users/bob").json["relation"]["following"]
    assert bob.get("/users/alice").json["relation"]["followed_by"]
    for _ in range(2):
        assert alice.delete("/users/bob/follow").status_code == 204
    assert stranger.pages("/users/bob/followers") == []
    assert [one["username"] for one in stranger.pages("/users")] == ["bob", "alice"]


@pytest.mark.parametrize("tie", ["follow", "block", "mute"])
def test_nobody_is_tied_to_themselves(alice, tie):
    assert alice.put(f"/users/alice/{tie}").status_code == 409
    assert alice.delete(f"/users/alice/{tie}").status_code == 409


@pytest.mark.parametrize("extra", ["username", "email", "password_hash", "post_count", "id", "suspended_at"])
def test_only_what_is_named_can_be_changed(alice, store, extra):
    before = vars(store.user("alice"))
    refused = alice.patch("/me", json={"about": "new", extra: "1"})
    assert refused.status_code == 422
    assert extra in refused.json["errors"][0]["detail"]
    after = vars(store.user("alice"))
    assert {key: after[key] for key in after if key[0] != "_" and key != "last_seen"} == {
        key: before[key] for key in before if key[0] != "_" and key != "last_seen"
    }


def test_a_change_leaves_the_rest_as_it_was(alice):
    alice.patch("/me", json={"display_name": "Alice", "about": "Reads."})
    assert alice.patch("/me", json={"about": " Writes.\r\n"}).json["about"] == "Writes."
    assert alice.get("/me").json["display_name"] == "Alice"
    assert alice.patch("/me", json={}).status_code == 200


@pytest.mark.parametrize(
    "body", [{"display_name": "a\nb"}, {"about": "\x00"}, {"about": 5}, {"about": "x" * 281}]
)
def test_a_profile_has_the_rules_of_the_page(alice, body):
    refused = alice.patch("/me", json=body)
    assert refused.status_code == 422
    assert [mistake["where"] for mistake in refused.json["errors"]] == [f"#/{next(iter(body))}"]


# Posts


def test_a_post_is_written_read_and_deleted(alice, bob, stranger):
    made = alice.post("/posts", json={"body": " Hello @bob #Straße \n"})
    assert made.status_code == 201
    path = made.headers["Location"]
    assert stranger.get(path).json == made.json
    assert made.json["body"] == "Hello @bob #Straße"
    assert (made.json["mentions"], made.json["tags"]) == (["bob"], ["strasse"])
    assert bodies(bob.pages("/timelines/mentions")) == ["Hello @bob #Straße"]
    assert bodies(stranger.pages("/timelines/tags/STRASSE")) == ["Hello @bob #Straße"]
    assert bob.delete(path).status_code == 403
    assert alice.delete(path).status_code == 204
    assert alice.delete(path).status_code == 404
    assert stranger.get(path).status_code == 404
    assert stranger.get("/users/alice").json["post_count"] == 0


@pytest.mark.parametrize(
    "body", ["", " \n ", "x" * 281, "a\x00", "a\u202eb", "\ud800", "e" + "\u0301" * 2900, 5, None]
)
def test_a_post_has_the_rules_of_the_page(alice, stranger, body):
    refused = alice.post("/posts", json={"body": body})
    assert refused.status_code == 422
    assert refused.json["errors"][0]["where"] == "#/body"
    assert stranger.pages("/timelines/public") == []


def test_a_picture_and_the_language_are_told_where_there_are_any(app, somebody, alice, stranger):
    image = (io.BytesIO(photo(900, 600)), "a.jpg")
    somebody("bob").post("/posts", {"body": "", "alt": "two halves", "image": image})
    spanish = alice.write("Mañana vamos a la playa con los niños")
    (written, shown) = stranger.pages("/timelines/public")
    assert (written["id"], written["language"], written["picture"]) == (spanish, "es", None)
    assert (shown["body"], shown["language"]) == ("", "en")
    picture = shown["picture"]
    assert (picture["width"], picture["height"], picture["alt"]) == (900, 600, "two halves")
    assert opened(stranger.client.get(picture["url"]).data).size == (900, 600)
    assert stranger.get(f"/posts/{shown['id']}").json == shown


def test_somebody_who_is_named_twice_is_mentioned_once(alice, bob):
    made = alice.post("/posts", json={"body": "@Bob @bob @BOB @alice"})
    assert made.json["mentions"] == ["Bob", "alice"]


def test_a_post_is_counted_as_a_person_counts(alice):
    assert len(alice.post("/posts", json={"body": "👨‍👩‍👧‍👦" * 280}).json["body"]) == 280 * 7


def test_a_thread_has_what_is_above_and_below(alice, bob, stranger):
    first = alice.write("first")
    second = bob.write("second", in_reply_to=first)
    third = alice.write("third", in_reply_to=second)
    assert stranger.get(f"/posts/{third}").json["in_reply_to"] == {"id": second, "username": "bob"}
    assert bodies(stranger.get(f"/posts/{third}/thread").json["items"]) == ["first", "second"]
    assert bodies(stranger.pages(f"/posts/{first}/replies")) == ["second"]
    bob.delete(f"/posts/{second}")
    assert stranger.get(f"/posts/{third}/thread").json["items"][1] == {"id": second, "gone": True}
    assert stranger.pages(f"/posts/{first}/replies") == [{"id": second, "gone": True}]
    assert bodies(stranger.pages(f"/posts/{second}/replies")) == ["third"]
    assert bob.post("/posts", json={"body": "late", "in_reply_to": second}).status_code == 404


def test_of_a_deep_thread_the_nearest_posts_are_told_and_the_first_leads_on(app, alice, stranger):
    app.config["WRITES_PER_MINUTE"] = 1_000
    numbers = [alice.write("root")]
    for depth in range(25):
        numbers.append(alice.write(f"depth {depth}", in_reply_to=numbers[-1]))
    near = stranger.get(f"/posts/{numbers[-1]}/thread").json["items"]
    assert [post["id"] for post in near] == numbers[5:25]
    assert components()["schemas"]["Thread"]["properties"]["items"]["maxItems"] == len(near)
    above = stranger.get(f"/posts/{near[0]['id']}/thread").json["items"]
    assert [post["id"] for post in above] == numbers[:5]


def test_likes_and_reposts_count_once(alice, bob, stranger):
    post = alice.write("hello")
    for _ in range(2):
        assert bob.put(f"/posts/{post}/like").status_code == 204
        assert bob.put(f"/posts/{post}/repost").status_code == 204
    seen = bob.get(f"/posts/{post}").json
    assert (seen["like_count"], seen["repost_count"], seen["liked"], seen["reposted"]) == (1, 1, True, True)
    assert bodies(bob.pages("/timelines/likes")) == ["hello"]
    (passed_on,) = stranger.pages("/users/bob/posts")
    assert passed_on["reposted_by"] == {"username": "bob", "display_name": "bob"}
    for _ in range(2):
        assert bob.delete(f"/posts/{post}/like").status_code == 204
        assert bob.delete(f"/posts/{post}/repost").status_code == 204
    seen = bob.get(f"/posts/{post}").json
    assert (seen["like_count"], seen["repost_count"], seen["liked"], seen["reposted"]) == (0, 0, False, False)
    assert alice.put(f"/posts/{post}/repost").status_code == 409
    assert bob.put("/posts/999/like").status_code == 404


def test_home_is_oneself_and_whom_one_follows(app, alice, bob):
    carol = program(app, "carol")
    alice.write("mine")
    bob.write("theirs")
    carol.write("strange")
    alice.put("/users/bob/follow")
    assert bodies(alice.pages("/timelines/home")) == ["theirs", "mine"]


def test_replies_of_a_person_are_listed_when_asked_for(alice, stranger):
    first = alice.write("first")
    alice.write("second", in_reply_to=first)
    assert bodies(stranger.pages("/users/alice/posts")) == ["first"]
    assert bodies(stranger.pages("/users/alice/posts?replies=true")) == ["second", "first"]


def test_the_next_page_of_a_hashtag_is_led_to_in_ascii(alice, stranger):
    ids = [alice.write(f"{n} #日本語") for n in range(2)]
    first = stranger.get("/timelines/tags/日本語?limit=1")
    assert first.headers["Link"].isascii()
    assert [post["id"] for post in stranger.get(first.json["next"]).json["items"]] == ids[:1]


@pytest.mark.parametrize("number", ["0", "01", "-1", "1.0", "9" * 19, "1" + "0" * 19, "9" * 4000])
def test_a_number_that_no_post_has_leads_to_nothing(alice, number):
    alice.write("the first")
    for path in (f"/posts/{number}", f"/posts/{number}/thread", f"/posts/{number}/replies"):
        assert alice.get(path).status_code == 404
    assert alice.delete(f"/posts/{number}").status_code == 404
    assert alice.post("/posts", json={"body": "x", "in_reply_to": 2**63 - 1}).status_code == 404
    assert alice.post("/posts", json={"body": "x", "in_reply_to": 2**63}).status_code == 422


# What is refused, and how


def test_every_operation_that_needs_a_token_says_so(stranger):
    needing = [one for one in OPERATIONS if one.scope]
    assert len(needing) > 20
    for one in needing:
        path = one.path
        for part, value in {"username": "alice", "post_id": "1", "token_id": "1"}.items():
            path = path.replace(f"{{{part}}}", value)
        refused = stranger.send(one.method, path, json={})
        assert refused.status_code == 401, one
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="microblog"'


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/users", "/api/v1/nothing", "/api/v1/users/"])
def test_no_path_below_the_api_has_a_page(stranger, path):
    response = stranger.get(path)
    assert response.status_code == 404
    assert response.json["request_id"] == response.headers["X-Request-ID"]


def test_a_method_that_is_not_there_names_those_that_are(stranger):
    response = stranger.post("/users/alice")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"body": NaN}', "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b"1" * 5_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"x"', "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"body": "a", "body2": 1}', "application/json", 422),
        (b'{"body": "a", "in_reply_to": 0}', "application/json", 422),
        (b'{"body": "a", "in_reply_to": 1e400}', "application/json", 422),
        (b'{"body": "a", "in_reply_to": true}', "application/json", 422),
        (b"body=a", "application/x-www-form-urlencoded", 415),
        (b'{"body": "a"}', "text/plain", 415),
        (b'{"body": "' + b"a" * 140_000 + b'"}', "application/json", 413),
    ],
)
def test_a_bad_body_is_refused(alice, stranger, body, content_type, code):
    assert alice.post("/posts", data=body, content_type=content_type).status_code == code
    assert stranger.pages("/timelines/public") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=-1",
        "limit=٣",
        "limit=1&limit=2",
        "limit=" + "9" * 5000,
        "cursor=x",
        "cursor=aaaaaaaaaaa%0A",
        "offset=1",
        "before=1",
        "replies=perhaps",
    ],
)
def test_a_bad_query_is_refused(alice, query):
    refused = alice.get(f"/users/alice/posts?{query}")
    assert refused.status_code == 422
    assert refused.json["errors"][0]["where"].startswith("?")


def test_a_crash_is_a_problem_that_tells_nothing(app, alice, monkeypatch):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["api.users"] = lambda: 1 / 0
    response = alice.get("/users")
    assert response.status_code == 500
    assert "division" not in response.text


def test_without_the_database_a_program_is_told_when_to_come_back():
    app = create_app(Settings(database_url="sqlite:////nowhere/at/all.sqlite3", secret_key=KEY))
    lost = Program(app.test_client(), "microblog_" + "x" * 43)
    for path in ("/users/alice", "/timelines/public", "/me"):
        response = lost.get(path)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
    with app.app_context(), pytest.raises(OperationalError):
        db.session.connection()


def test_problems_are_english_whatever_a_browser_speaks(alice):
    refused = alice.post("/posts", json={"body": "x" * 281}, headers={"Accept-Language": "es"})
    assert refused.json["errors"][0]["detail"] == "This is 1 character too long."


def test_no_cookie_is_read_or_set(app, somebody):
    alice = somebody("alice")
    for path in ("/api/v1/users/alice", "/api/v1/me", "/api/v1/nothing", "/api/v1/tokens"):
        for method in ("GET", "POST"):
            response = alice.client.open(path, method=method, json={})
            assert "Set-Cookie" not in response.headers
            assert "Cookie" not in response.vary


def test_other_sites_get_no_leave_to_read(alice):
    response = alice.get("/users/alice", headers={"Origin": "https://other.example"})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]
    asked = alice.client.options("/api/v1/users/alice", headers={"Origin": "https://other.example"})
    assert not [name for name, _ in asked.headers if name.startswith("Access-Control")]


# Caches and limits


def test_what_has_not_changed_is_not_sent_again(alice, stranger):
    for who, control in ((alice, "private, no-cache"), (stranger, "no-cache")):
        first = who.get("/users/alice")
        assert first.headers["Cache-Control"] == control
        assert first.headers["Vary"] == "Authorization"
        etag = first.headers["ETag"]
        for asked in (etag, f"W/{etag}", f'"x", {etag}'):
            again = who.get("/users/alice", headers={"If-None-Match": asked})
            assert (again.status_code, again.headers["ETag"]) == (304, etag)
        alice.patch("/me", json={"about": f"new for {control}"})
        assert who.get("/users/alice", headers={"If-None-Match": etag}).status_code == 200


def test_a_change_that_was_meant_for_another_state_is_not_made(alice):
    first = alice.get("/me").headers["ETag"]
    changed = alice.patch("/me", json={"about": "one"}, headers={"If-Match": first})
    assert (changed.status_code, changed.json["about"]) == (200, "one")
    second = changed.headers["ETag"]
    for condition in ({"If-Match": first}, {"If-None-Match": "*"}, {"If-None-Match": f"W/{second}"}):
        refused = alice.patch("/me", json={"about": "two"}, headers=condition)
        assert (refused.status_code, refused.mimetype) == (412, "application/problem+json")
        assert alice.get("/me").json["about"] == "one"
    # Whoever compresses an answer makes its mark a weak one.
    for condition in ({"If-Match": f'"x", W/{second}'}, {"If-Match": "*"}, {"If-None-Match": '"x"'}):
        assert alice.patch("/me", json={"about": "one"}, headers=condition).status_code == 200


def test_a_head_is_a_get_without_its_content(stranger, alice):
    response = stranger.send("HEAD", "/users/alice")
    assert response.headers["ETag"] == stranger.get("/users/alice").headers["ETag"]


@pytest.fixture
def strict(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """An application that counts strictly, while no time passes."""
    monkeypatch.setattr(rates.time, "monotonic", lambda: 1000.0)
    app = create_app(replace(settings, api_requests_per_minute=20))
    yield app
    close(app)


def test_how_much_is_left_is_said_until_nothing_is(strict):
    stranger = Program(strict.test_client())
    answers = [stranger.get("/users") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"address";q=20;w=60'
    assert answers[0].headers["RateLimit"] == '"address";r=19;t=3'
    assert answers[19].headers["RateLimit"] == '"address";r=0;t=60'
    assert answers[20].headers["RateLimit"] == '"address";r=0;t=60'
    assert answers[20].headers["Retry-After"] == "3"
    elsewhere = stranger.get("/users", headers={"X-Forwarded-For": "192.0.2.7"})
    assert elsewhere.status_code == 200


def test_a_person_is_counted_over_all_addresses_and_tokens(strict):
    first, second = program(strict, "alice"), program(strict, "alice")
    codes = [
        who.get("/me", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
        for n in range(11)
        for who in (first, second)
    ]
    assert codes == [200] * 20 + [429] * 2
    other = program(strict, "bob").get("/me", headers={"X-Forwarded-For": "192.0.2.200"})
    assert other.headers["RateLimit-Policy"] == '"address";q=20;w=60, "token";q=20;w=60'


def test_what_is_not_counted_says_nothing_of_what_is_left(app):
    asked = app.test_client().options("/api/v1/users/alice")
    assert asked.status_code == 200
    assert not [name for name, _ in asked.headers if name.startswith("RateLimit")]


def test_guessing_tokens_is_counted(strict):
    guesser = Program(strict.test_client(), "microblog_" + "x" * 43)
    assert [guesser.get("/me").status_code for _ in range(21)] == [401] * 20 + [429]


def test_changes_are_counted_in_the_database_too(strict):
    alice = program(strict, "alice")
    codes = [alice.patch("/me", json={}).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert alice.get("/me").status_code == 200


def test_the_start_leads_to_the_document_and_to_the_page(stranger):
    start = stranger.get("/").json
    assert json.loads(stranger.get(start["document"]).data)["openapi"] == "3.1.0"
    assert stranger.client.get(start["page_for_people"]).status_code == 200
