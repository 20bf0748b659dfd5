"""The audit trail: who did what to whom; only ever added to, and no longer than it says."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from microblog import audit
from microblog.audit import Act, AppendOnly
from microblog.database import db
from microblog.models import User
from microblog.oversight import AuditEntry
from microblog.roles import Role
from microblog.times import now
from tests.unit.microblog.conftest import PASSWORD, Browser
from tests.unit.microblog.program import program

NEW = "another horse every day"


def trail(app, **asked) -> list[tuple]:
    """Act, actor and subject of the entries, the oldest first."""
    with app.app_context():
        found = audit.entries(1000, **asked).entries
        return [(entry.act, entry.actor, entry.subject) for entry in reversed(found)]


@pytest.fixture
def anna(app, somebody, store) -> Browser:
    """An admin."""
    browser = somebody("anna")
    with app.app_context():
        db.session.execute(update(User).where(User.id == store.user("anna").id).values(role=int(Role.ADMIN)))
        db.session.commit()
    return browser


def test_what_people_do_with_their_accounts_is_written_down(app, somebody, store):
    alice = somebody("alice")
    alice.post("/account/password", {"current": PASSWORD, "password": NEW})
    alice.post("/account/email", {"current": NEW, "email": "other@example.org"})
    alice.login("alice", "wrong")
    alice.post("/logout")
    alice.login("alice", "wrong")
    alice.login("nobody_here", "wrong")
    alice.login("alice", NEW)
    assert trail(app) == [
        ("registered", "alice", "alice"),
        ("password_changed", "alice", "alice"),
        ("email_changed", "alice", "alice"),
        ("login_failed", None, "alice"),
        ("login_failed", None, None),
        ("login", "alice", "alice"),
    ]
    with app.app_context():
        kept = db.session.execute(text("SELECT * FROM audit_entry")).all()
    assert PASSWORD not in str(kept)
    assert NEW not in str(kept)
    assert "example.org" not in str(kept)


def test_tokens_are_written_down_without_their_secrets(app):
    alice = program(app, "alice")
    alice.delete("/tokens/current")
    assert [act for act, *_ in trail(app)][-2:] == ["token_created", "token_revoked"]
    with app.app_context():
        assert alice.secret not in str(db.session.execute(text("SELECT * FROM audit_entry")).all())


def test_a_reset_and_a_confirmed_account_are_written_down(mailing):
    mailing.member("alice")
    mailing.browser().post("/password/forgotten", {"email": "alice@example.org"})
    mailing.deliver()
    token = mailing.mailbox.token("alice@example.org")
    mailing.browser().post("/password/new", {"token": token, "password": NEW})
    assert [act for act, *_ in trail(mailing.app)] == ["registered", "password_reset"]


def test_who_leaves_keeps_a_number_and_no_name(app, somebody, anna, store):
    bob = somebody("bob")
    number = store.user("bob").id
    bob.post("/account/delete", {"current": PASSWORD})
    assert trail(app, person_id=number) == [("registered", None, None), ("left", None, None)]
    page = anna.page(f"/moderation/audit?person={number}")
    assert f"somebody who left ({number})" in page.text
    assert "bob" not in page.select_one(".trail").text


def test_nobody_takes_over_the_trail_of_somebody_who_left(app, somebody, store):
    somebody("zoe").post("/account/delete", {"current": PASSWORD})
    somebody("yan")
    assert trail(app, person_id=store.user("yan").id) == [("registered", "yan", "yan")]


def test_moderation_is_written_down_with_its_reason_and_the_network(app, somebody, anna):
    eve = somebody("eve")
    eve.write("spam")
    anna.post("/posts/1/report", {"reason": "spam"}, environ_base={"REMOTE_ADDR": "192.0.2.77"})
    anna.post(
        "/moderation/cases/1",
        {"decision": "removed", "reason": "against the rules"},
        environ_base={"REMOTE_ADDR": "192.0.2.77"},
    )
    with app.app_context():
        entry = audit.entries(1).entries[0]
    assert (entry.act, entry.actor, entry.subject) == ("post_removed", "anna", "eve")
    assert (entry.case_id, entry.post_id, entry.words) == (1, 1, "against the rules")
    assert entry.network == "192.0.2.0/24"
    assert "reported" not in str(trail(app)), "who reports is in no trail"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.200", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("nonsense", ""),
        (None, ""),
    ],
)
def test_of_an_address_its_network_is_kept(address, network):
    assert audit.network(address) == network


def test_nothing_is_changed_or_removed(app, somebody):
    somebody("alice")
    with app.app_context():
        entry = db.session.scalar(select(AuditEntry))
        entry.words = "something else"
        with pytest.raises(AppendOnly):
            db.session.commit()
        db.session.rollback()
        db.session.delete(db.session.scalar(select(AuditEntry)))
        with pytest.raises(AppendOnly):
            db.session.commit()
        db.session.rollback()
    assert trail(app) == [("registered", "alice", "alice")]


def test_logins_are_kept_for_90_days_and_the_rest_for_two_years(app):
    ages = {"login": (89, 91), "login_failed": (89, 91), "suspended": (91, 729, 731)}
    with app.app_context():
        for act, days in ages.items():
            for number in days:
                db.session.add(
                    AuditEntry(act=act, words=str(number), created_at=now() - timedelta(days=number))
                )
        db.session.commit()
        audit.tidy()
        left = {(entry.act, int(entry.words)) for entry in audit.entries(100).entries}
    assert left == {("login", 89), ("login_failed", 89), ("suspended", 91), ("suspended", 729)}


def test_the_page_is_turned_without_skipping_or_repeating(app, anna, somebody):
    with app.app_context():
        for number in range(12):
            audit.record(Act.LOGIN_FAILED, words=f"try {number}")
        db.session.commit()
    seen, path = [], "/moderation/audit?act=login_failed"
    while path:
        page = anna.page(path)
        seen += [line.text for line in page.select(".trail p[dir]")]
        with app.app_context():
            audit.record(Act.LOGIN_FAILED, words="later")
            db.session.commit()
        older = page.select_one(".older a")
        path = older["href"] if older else None
    assert seen == [f"try {number}" for number in reversed(range(12))]


def test_the_page_shows_what_is_asked_for(app, anna, somebody):
    somebody("bob")
    anna.post("/moderation/people/bob/suspend", {"duration": "1", "reason": "because"})
    assert len(anna.page("/moderation/audit?person=bob").select(".trail li")) == 2
    assert len(anna.page("/moderation/audit?person=@BOB&act=suspended").select(".trail li")) == 1
    assert not anna.page("/moderation/audit?person=nobody_here").select(".trail li")
    assert not anna.page("/moderation/audit?act=nonsense").select(".trail li")
    assert not anna.page("/moderation/audit?person=" + "9" * 30).select(".trail li")
    assert anna.get("/moderation/audit?before=x").status_code == 400


@pytest.mark.parametrize("asked", [{}, {"act": "login"}, {"person_id": 1}, {"act": "login", "person_id": 1}])
def test_the_trail_is_read_out_of_an_index(app, store, asked):
    with store.statements() as sent, app.app_context():
        audit.entries(25, **asked)
        (statement,) = sent
        plan = [
            row[3]
            for row in db.session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", (1,) * statement.count("?")
            )
        ]
    assert not [step for step in plan if step.startswith("SCAN audit_entry")], plan
