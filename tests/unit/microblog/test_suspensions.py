"""Somebody who is suspended: nobody sees them, nothing lets them in, and it ends by itself."""

import io
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from itsdangerous import TimestampSigner
from sqlalchemy import select, update

from microblog import suspensions
from microblog.database import db
from microblog.mail import outbox
from microblog.mail.outbox import Purpose
from microblog.models import Letter, SignIn, User
from microblog.moderation import decisions
from microblog.oversight import FOREVER, Suspension
from microblog.pages import Between
from microblog.people import following
from microblog.posts import reactions, threads, timelines, writing
from microblog.times import now
from tests.unit.microblog.conftest import PASSWORD, Browser
from tests.unit.microblog.pictures import photo
from tests.unit.microblog.program import Program, program

LISTS = (
    "/explore",
    "/",
    "/tags/all",
    "/mentions",
    "/likes",
    "/people/carol",
    "/people/carol/followers",
    "/people/carol/following",
    "/posts/1",
)


def mine(page) -> list[str]:
    return [card["href"] for card in page.select(".author")]


@pytest.fixture
def suspend(app, store):
    """Suspends a person until a moment."""

    def suspend(name: str, until=FOREVER) -> None:
        with app.app_context():
            decisions.suspend_unreported(None, store.user(name), "for all the spam", until)

    return suspend


@pytest.fixture
def lift(app, store):
    def lift(name: str) -> None:
        with app.app_context():
            assert decisions.lift(None, store.user(name), "enough")

    return lift


@pytest.fixture
def three(somebody):
    """Alice, Eve who does something everywhere, and Carol, whom both follow and who follows both."""
    alice, eve, carol = (somebody(name) for name in ("alice", "eve", "carol"))
    carol.write("from carol #all @alice @eve")
    for browser in (alice, eve):
        browser.post("/people/carol/follow")
    for name in ("alice", "eve"):
        carol.post(f"/people/{name}/follow")
    alice.post("/people/eve/follow")
    eve.write("from eve #all @alice")
    eve.post("/posts/1/replies", {"body": "answer of eve @alice"})
    for browser in (alice, carol):
        browser.post("/posts/2/like")
        browser.post("/posts/2/repost")
    eve.post("/posts/1/repost")
    alice.post("/posts/3/replies", {"body": "answer to eve"})
    return alice, eve, carol


def test_the_suspended_are_in_no_list_and_come_back(app, three, suspend, lift):
    alice, _eve, _carol = three
    stranger = Browser(app.test_client())
    before = {path: mine(alice.page(path)) for path in LISTS}
    assert all("/people/eve" in authors for authors in before.values()), before
    suspend("eve")
    for path in LISTS:
        page = alice.page(path)
        assert "/people/eve" not in mine(page), path
        assert "from eve" not in page.text, path
    for path in ("/explore", "/tags/all", "/people/carol", "/people/carol/followers", "/posts/1"):
        assert "/people/eve" not in mine(stranger.page(path)), path
    lift("eve")
    assert {path: mine(alice.page(path)) for path in LISTS} == before


def test_what_others_wrote_below_them_stays_in_its_thread(three, suspend):
    alice, *_ = three
    suspend("eve")
    thread = alice.page("/posts/1")
    assert thread.select_one("#post-3").text.startswith("By somebody who is suspended.")
    gap = alice.page("/posts/3")
    assert "somebody who is suspended" in gap.select_one("h1").text
    assert "answer to eve" in gap.text
    assert "from carol" in gap.text
    assert alice.post("/posts/3/replies", {"body": "more"}).status_code == 404
    for act in ("like", "repost", "report"):
        assert alice.post(f"/posts/2/{act}", {"reason": "spam"}).status_code == 404


def test_a_block_and_a_suspension_together_give_neither_away(three, suspend):
    alice, eve, _carol = three
    eve.post("/people/alice/block")
    assert alice.get("/people/eve").status_code == 404
    suspend("eve")
    assert alice.get("/people/eve").status_code == 404
    assert alice.get("/posts/2").status_code == 404
    assert "suspended" not in alice.get("/posts/1").text


def test_their_profile_is_a_plain_page(app, three, suspend):
    alice, eve, _carol = three
    eve.post("/profile/edit", {"display_name": "Eve", "about": "words about me"})
    assert "words about me" in alice.get("/people/eve/card").text
    suspend("eve")
    card = alice.get("/people/eve/card").text
    assert "This account is suspended" in card
    assert "words about me" not in card
    for browser in (alice, Browser(app.test_client())):
        for path in ("/people/eve", "/people/eve/replies"):
            answer = browser.get(path)
            assert answer.status_code == 403
            assert "This account is suspended" in answer.text
            assert "no-store" in answer.headers["Cache-Control"]
        for path in ("/people/eve/followers", "/people/eve/following"):
            assert browser.get(path).status_code == 404
    assert alice.post("/people/eve/unfollow").status_code == 303
    assert alice.post("/people/eve/follow").status_code == 403


def test_they_are_in_no_search_and_no_news_and_get_no_messages(three, suspend, lift):
    alice, eve, _carol = three
    eve.post("/people/alice/message", {"body": "psst"})
    before = [alice.page(path).select_one("main").text for path in ("/search?q=eve", "/search/people?q=eve")]
    assert all("@eve" in found for found in before)
    assert alice.page("/notifications").select("main a[href='/people/eve']")
    suspend("eve")
    for path in ("/search?q=from", "/search/people?q=eve", "/notifications"):
        page = alice.page(path)
        assert "/people/eve" not in mine(page), path
        assert "from eve" not in page.text, path
    assert not alice.page("/notifications").select("main a[href='/people/eve']")
    alice.post("/people/eve/message", {"body": "are you there?"})
    assert "psst" in alice.page("/messages/1").text, "what they wrote to somebody is that person's too"
    lift("eve")
    assert "are you there?" not in eve.get("/messages/1").text


def test_nobody_writes_to_them_in_vain(somebody, suspend, lift):
    alice, eve = somebody("alice"), somebody("eve")
    eve.post("/people/alice/message", {"body": "psst"})
    suspend("eve")
    page = alice.page("/messages/1")
    assert "This account is suspended" in page.text
    assert page.select("textarea") == []
    refused = alice.post("/messages/1", {"body": "written before that"})
    assert refused.status_code == 422
    field = BeautifulSoup(refused.text, "html.parser").select_one("#body")
    assert field.text.strip() == "written before that"
    lift("eve")
    assert alice.page("/messages/1").select("textarea")
    assert alice.post("/messages/1", {"body": "written before that"}).status_code == 303


def test_programs_of_theirs_stop_and_others_see_nothing_of_them(app, somebody, suspend, lift):
    somebody("eve")
    alice, eve, stranger = program(app, "alice"), program(app, "eve"), Program(app.test_client())
    post_id = eve.write("from eve")
    alice.put("/users/eve/follow")
    alice.write("answer to eve", in_reply_to=post_id)
    paths = ("/users", "/timelines/public", "/users/alice/following")
    assert all('"eve"' in alice.get(path).text for path in paths)
    suspend("eve")
    assert eve.get("/me").status_code == 401
    made = {"json": {"name": "again", "scopes": ["read"]}}
    assert stranger.post("/tokens", auth=("eve", "wrong"), **made).status_code == 401
    assert stranger.post("/tokens", auth=("eve", PASSWORD), **made).status_code == 403
    for who in (alice, stranger):
        for path in ("/users/eve", "/users/eve/posts", f"/posts/{post_id}"):
            assert who.get(path).status_code == 404, path
        for path in paths:
            assert '"eve"' not in who.get(path).text, path
    assert alice.put("/users/eve/follow").status_code == 404
    assert "answer to eve" in alice.get(f"/posts/{post_id}/replies").text
    lift("eve")
    assert stranger.get("/users/eve").status_code == 200
    assert eve.get("/me").status_code == 401, "the tokens of before are gone"


def test_their_pictures_are_not_there(app, somebody, suspend, lift):
    eve, stranger = somebody("eve"), Browser(app.test_client())
    form = {"body": "look", "alt": "", "image": (io.BytesIO(photo()), "a.jpg")}
    assert eve.post("/posts", form).status_code == 303
    address = stranger.page("/explore").select_one(".picture img")["src"]
    assert stranger.get(address).status_code == 200
    suspend("eve")
    assert stranger.get(address).status_code == 404
    lift("eve")
    assert stranger.get(address).status_code == 200


def test_they_are_logged_out_everywhere_at_once(app, three, store, suspend):
    _alice, eve, _carol = three
    other = Browser(app.test_client())
    other.login("eve", remember="y")
    suspend("eve")
    for browser in (eve, other):
        assert browser.get("/account").location.startswith("/login")
        assert browser.write("still here").location.startswith("/login")
    with app.app_context():
        assert not db.session.scalars(select(SignIn).where(SignIn.user_id == store.user("eve").id)).all()


def test_a_login_that_began_in_the_same_moment_lets_nobody_in(app, three, store):
    _alice, eve, _carol = three
    with app.app_context():
        db.session.add(Suspension(user_id=store.user("eve").id, until=FOREVER, reason="x"))
        db.session.commit()
    assert eve.get("/account").location.startswith("/login")


def test_only_who_knows_the_password_is_told(app, three, suspend):
    suspend("eve", now() + timedelta(days=3))
    stranger = Browser(app.test_client())
    wrong = stranger.login("eve", "not the password")
    assert wrong.status_code == 422
    assert "suspended" not in wrong.text
    right = stranger.login("eve")
    page = stranger.get(right.location)
    assert page.status_code == 403
    assert "for all the spam" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "private, no-store"
    assert stranger.get("/account").location.startswith("/login")


def test_a_suspension_ends_by_itself(app, three, store, suspend):
    alice, eve, _carol = three
    suspend("eve", now() + timedelta(hours=1))
    ticket = eve.login("eve").location
    assert eve.get(ticket).status_code == 403
    with app.app_context():
        db.session.execute(update(Suspension).values(until=now() - timedelta(seconds=1)))
        db.session.commit()
    assert "/people/eve" in mine(alice.page("/explore"))
    assert alice.get("/people/eve").status_code == 200
    assert eve.get(ticket).location == "/login"
    assert eve.login("eve").location == "/"
    with app.app_context():
        assert suspensions.of(store.user("eve")) is None
        suspensions.tidy()
        assert not db.session.scalars(select(Suspension)).all()


def test_mail_stops_but_for_the_one_that_says_so(mailing):
    mailing.member("eve")
    box = mailing.mailbox
    sent = len(box.to("eve@example.org"))
    with mailing.app.app_context():
        outbox.write(Purpose.RESET, "eve@example.org")
        decisions.suspend_unreported(None, mailing.store.user("eve"), "for all the spam", FOREVER)
    assert mailing.deliver() == 1
    (letter,) = box.to("eve@example.org")[sent:]
    assert "suspended" in letter["Subject"]
    assert "for all the spam" in letter.get_content()
    browser = mailing.browser()
    assert browser.post("/password/forgotten", {"email": "eve@example.org"}).location == "/mail/sent"
    assert browser.register("somebody_else", email="eve@example.org").location == "/mail/sent"
    assert mailing.deliver() == 0
    with mailing.app.app_context():
        assert not db.session.scalars(select(Letter)).all()
        decisions.lift(None, mailing.store.user("eve"), "")
    assert mailing.deliver() == 1
    assert "taken back" in box.to("eve@example.org")[-1]["Subject"]


def test_a_reset_link_of_before_is_void(mailing):
    mailing.member("eve")
    mailing.browser().post("/password/forgotten", {"email": "eve@example.org"})
    mailing.deliver()
    token = mailing.mailbox.token("eve@example.org")
    with mailing.app.app_context():
        decisions.suspend_unreported(None, mailing.store.user("eve"), "x", FOREVER)
    answer = mailing.browser().post("/password/new", {"token": token, "password": PASSWORD + " new"})
    assert answer.status_code == 410


@pytest.mark.parametrize("page", ["/", "/explore", "/people/carol", "/mentions", "/posts/1"])
def test_pages_cost_no_statement_more(three, store, suspend, page):
    alice, *_ = three
    suspend("eve")
    alice.get("/")
    with store.statements() as sent:
        alice.page(page)
    assert len(sent) <= 4, sent
    assert all(statement.startswith(("SELECT", "WITH")) for statement in sent)


NAMES = ("ann", "ben", "cat")
steps = st.lists(
    st.tuples(
        st.sampled_from(["write", "reply", "like", "repost", "follow", "suspend", "lift"]),
        st.sampled_from(NAMES),
        st.integers(0, 5),
    ),
    max_size=25,
)


@given(steps=steps)
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_no_list_shows_anything_of_the_suspended(app, fresh_store, steps):
    store = fresh_store()
    ids = {name: store.add_user(name) for name in NAMES}
    with app.app_context():
        users = {name: db.session.get(User, ids[name]) for name in NAMES}
        for what, name, number in steps:
            take(what, users[name], number, users)
        out = {row.user_id for row in db.session.scalars(select(Suspension))}
        shown = set()
        for reader in (None, *(user for user in users.values() if user.id not in out)):
            lists = [timelines.everybody(reader, Between(), 50)]
            lists += [timelines.written_by(user, reader, Between(), 50) for user in users.values()]
            if reader:
                reader_lists = (
                    timelines.walk,
                    timelines.walk_apart,
                    timelines.gather,
                    timelines.gather_apart,
                    timelines.mentioning,
                    timelines.liked_by,
                )
                lists += [way(reader, Between(), 50) for way in reader_lists]
            for wanted in lists:
                page = timelines.page_of(wanted, 50)
                assert all(entry.body is not None for entry in page.entries), "no gaps in lists"
                shown |= {name for entry in page.entries for name in (entry.username, entry.reposter)}
        assert not shown & {name for name in NAMES if ids[name] in out}
        for post_id in range(1, 30):
            assert timelines.one(post_id, None) is None or threads.gap(post_id, None) is None


def take(what: str, user: User, number: int, users: dict[str, User]) -> None:
    others = [other for other in users.values() if other.id != user.id]
    recent = timelines.page_of(timelines.everybody(None, Between(), 6), 5).entries
    entry = recent[number % len(recent)] if recent else None
    if what == "write":
        writing.write(user, f"by {user.username} @ann @ben @cat #all")
    elif what == "reply" and entry:
        writing.write(user, "answer", entry)
    elif what == "like" and entry:
        reactions.like(user, entry.id)
    elif what == "repost" and entry and entry.username != user.username:
        reactions.repost(user, entry.id)
    elif what == "follow":
        following.follow(user, others[number % 2])
    elif what == "suspend":
        decisions.suspend_unreported(None, user, "x", FOREVER)
    elif what == "lift":
        decisions.lift(None, user, "x")


def test_a_ticket_of_the_suspended_is_good_for_two_hours(app, three, store, monkeypatch):
    with app.app_context():
        ticket = suspensions.ticket(store.user("eve"))
        for later, good in ((0, True), (7190, True), (7210, False)):
            moment = int(now().timestamp()) + later
            monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _, moment=moment: moment)
            assert (suspensions.holder(ticket) is not None) is good
