"""Tokens of programs: made once, hashed, shown, revoked, and never worth more than their person."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select, update

from microblog.auth import api_tokens, passwords, sign_ins
from microblog.database import db
from microblog.models import ApiToken, User
from microblog.times import now
from tests.unit.microblog.conftest import PASSWORD, Browser
from tests.unit.microblog.program import Program, program

FORM = {"name": "my script", "days": "30", "writes": "y", "current": PASSWORD}


def issue(browser: Browser, **fields: str):
    return browser.post("/account/tokens", FORM | fields)


def secret_on(response) -> str:
    return BeautifulSoup(response.text, "html.parser").select_one("#secret").text


def rows(app) -> list[ApiToken]:
    with app.app_context():
        return list(db.session.scalars(select(ApiToken).order_by(ApiToken.id)))


def test_a_token_is_made_on_a_page_and_its_secret_is_shown_once(app, somebody):
    alice = somebody("alice")
    made = issue(alice)
    secret = secret_on(made)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "private, no-store"
    assert secret.startswith("microblog_")
    page = alice.page("/account/tokens")
    assert "my script" in page.text
    assert "reads and writes" in page.text
    assert secret not in str(page)
    assert Program(app.test_client(), secret).get("/me").json["username"] == "alice"


def test_the_database_has_no_secret(app, somebody):
    secret = secret_on(issue(somebody("alice")))
    (row,) = rows(app)
    values = [str(getattr(row, column.name)) for column in ApiToken.__table__.columns]
    assert not any(secret in value or secret.removeprefix("microblog_") in value for value in values)


@pytest.mark.parametrize(
    "fields",
    [{"current": "wrong"}, {"name": ""}, {"name": "a\u202eb"}, {"name": "x" * 65}, {"days": "9999"}],
)
def test_a_form_that_is_not_right_makes_no_token(app, somebody, fields):
    response = issue(somebody("alice"), **fields)
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert rows(app) == []


def test_sending_the_form_again_makes_no_second_token(app, somebody):
    alice = somebody("alice")
    issue(alice)
    assert issue(alice).status_code == 422
    assert len(rows(app)) == 1


def test_there_is_an_end_to_how_many_one_may_have(app, somebody):
    alice = somebody("alice")
    with app.app_context():
        user = db.session.scalar(select(User))
        for n in range(api_tokens.MOST_TOKENS):
            assert api_tokens.issue(user, f"{n}", ["read"], 1)
    assert issue(alice).status_code == 422
    refused = Program(app.test_client()).post("/tokens", json={"name": "x"}, auth=("alice", PASSWORD))
    assert refused.status_code == 409


def test_only_one_s_own_tokens_are_shown_and_revoked(app, somebody):
    alice, bob = somebody("alice"), somebody("bob")
    secret = secret_on(issue(alice))
    path = f"/account/tokens/{rows(app)[0].id}/revoke"
    assert "my script" not in bob.page("/account/tokens").text
    assert bob.post(path).status_code == 404
    assert Program(app.test_client(), secret).get("/me").status_code == 200
    assert alice.post(path).location == "/account/tokens"
    assert Program(app.test_client(), secret).get("/me").status_code == 401


def test_the_page_is_for_people_who_are_logged_in(browser):
    assert browser.get("/account/tokens").location.startswith("/login")


def test_a_token_is_made_with_name_and_password(app, somebody):
    somebody("alice")
    stranger = Program(app.test_client())
    for identity in ("alice", "ALICE", "alice@example.org"):
        made = stranger.post("/tokens", json={"name": " backup "}, auth=(identity, PASSWORD))
        assert made.status_code == 201
        assert made.headers["Cache-Control"] == "private, no-store"
        assert made.json["name"] == "backup"
        assert made.json["scopes"] == ["read"]
        assert Program(app.test_client(), made.json["token"]).get("/me").status_code == 200


def test_where_a_token_was_made_it_is_revoked(app, somebody):
    somebody("alice")
    body = {"name": "backup", "scopes": ["write"]}
    made = Program(app.test_client()).post("/tokens", json=body, auth=("alice", PASSWORD))
    assert made.headers["Location"] == f"/api/v1/tokens/{made.json['id']}"
    holder = Program(app.test_client(), made.json["token"])
    assert holder.delete(made.headers["Location"]).status_code == 204
    assert rows(app) == []


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !", "Basic YWxpY2U=", "Basic Og==", "Bearer x", "x y"]
)
def test_without_name_and_password_none_is_made(app, header):
    response = Program(app.test_client()).post(
        "/tokens", json={"name": "x"}, headers={"Authorization": header} if header else {}
    )
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="microblog", charset="UTF-8"'


def test_wrong_passwords_and_unknown_names_look_the_same_and_cost_the_same(app, somebody, monkeypatch):
    somebody("alice")
    checked = []
    matches = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda *of: checked.append(of) or matches(*of))
    answers = []
    for name in ("alice", "nobody"):
        answer = Program(app.test_client()).post("/tokens", json={"name": "x"}, auth=(name, "wrong"))
        answers.append(
            (answer.status_code, answer.json | {"request_id": ""}, answer.headers["WWW-Authenticate"])
        )
    assert answers[0] == answers[1]
    assert len(checked) == 2


def test_guessing_by_the_api_is_held_up_and_knows_no_browser(app, somebody):
    alice = somebody("alice")
    # The browser's own allowance is for its pages: the API does not look at the cookie.
    guesser = Program(alice.client)
    codes = [
        guesser.post("/tokens", json={"name": "x"}, auth=("alice", f"wrong {n}")).status_code
        for n in range(11)
    ]
    assert codes == [401] * 10 + [429]
    refused = guesser.post("/tokens", json={"name": "x"}, auth=("alice", PASSWORD))
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert Browser(alice.client).login("alice").status_code == 303


def test_a_token_that_was_not_given_opens_nothing(app):
    for secret in ("x", "microblog_" + "x" * 43, "microblog_\u00e9", "", "a b c"):
        response = Program(app.test_client()).get("/me", headers={"Authorization": f"Bearer {secret}"})
        assert response.status_code == 401
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
        # Not even what is open to strangers: the program should know that its token is no good.
        response = Program(app.test_client()).get("/users", headers={"Authorization": f"Bearer {secret}"})
        assert response.status_code == 401


def test_an_expired_token_opens_nothing_and_is_removed(app):
    alice = program(app, "alice")
    with app.app_context():
        db.session.execute(update(ApiToken).values(expires_at=now() - timedelta(seconds=1)))
        db.session.commit()
        assert alice.get("/me").status_code == 401
        api_tokens.tidy()
    assert rows(app) == []


@pytest.mark.parametrize(
    ("scopes", "reading", "writing"),
    [(("read",), 200, 403), (("write",), 403, 200), (("read", "write"), 200, 200)],
)
def test_a_token_does_what_its_scopes_say(app, scopes, reading, writing):
    alice = program(app, "alice", scopes)
    assert alice.get("/me").status_code == reading
    changed = alice.patch("/me", json={"about": "hello"})
    assert changed.status_code == writing
    if writing == 403:
        assert 'error="insufficient_scope"' in changed.headers["WWW-Authenticate"]


def test_tokens_list_and_end_each_other_and_themselves(app):
    first, second = program(app, "alice"), program(app, "alice", ("read",))
    stranger = program(app, "bob")
    listed = first.get("/tokens").json["items"]
    assert [token["scopes"] for token in listed] == [["read"], ["read", "write"]]
    assert stranger.delete(f"/tokens/{listed[0]['id']}").status_code == 404
    assert first.delete(f"/tokens/{listed[0]['id']}").status_code == 204
    assert second.get("/tokens").status_code == 401
    third = program(app, "alice", ("read",))
    assert third.delete("/tokens/current").status_code == 204
    assert third.get("/tokens").status_code == 401
    assert first.get("/tokens").status_code == 200


def test_using_a_token_writes_once_in_five_minutes(app, store):
    alice = program(app, "alice")
    with store.statements() as sent:
        alice.get("/me")
    assert any(statement.startswith("UPDATE") for statement in sent)
    with store.statements() as sent:
        alice.get("/me")
    assert not any(statement.startswith("UPDATE") for statement in sent)
    with app.app_context():
        db.session.execute(update(ApiToken).values(last_used=now() - timedelta(minutes=6)))
        db.session.commit()
    with store.statements() as sent:
        alice.get("/me")
    assert any(statement.startswith("UPDATE api_token") for statement in sent)


def test_a_new_password_and_logging_out_everywhere_revoke_tokens(app, somebody):
    alice = somebody("alice")
    first = program(app, "alice")
    assert alice.post("/account/logins/end-others").status_code == 303
    assert first.get("/me").status_code == 200, "other browsers are not programs"
    changed = alice.post("/account/password", {"current": PASSWORD, "password": "another long one"})
    assert changed.location == "/account"
    assert first.get("/me").status_code == 401
    second = program(app, "alice")
    assert alice.post("/account/logins/end-all").status_code == 303
    assert second.get("/me").status_code == 401


def test_a_reset_password_revokes_tokens(mailing):
    mailing.member("alice")
    token = program(mailing.app, "alice")
    stranger = mailing.browser()
    stranger.post("/password/forgotten", {"email": "alice@example.org"})
    mailing.deliver()
    link = mailing.mailbox.token("alice@example.org")
    assert stranger.post("/password/new", {"token": link, "password": "another long one"}).status_code == 303
    assert token.get("/me").status_code == 401


def test_a_token_ends_with_the_account(app, somebody):
    alice = somebody("alice")
    token = program(app, "alice")
    assert alice.post("/account/delete", {"current": PASSWORD}).status_code == 303
    assert token.get("/me").status_code == 401
    assert rows(app) == []


def test_a_session_is_no_token(app, somebody):
    alice = somebody("alice")
    with app.app_context():
        assert len(sign_ins.of(db.session.scalar(select(User)))) == 1
    response = Program(alice.client).get("/me")
    assert response.status_code == 401
    assert Program(alice.client).post("/posts", json={"body": "x"}).status_code == 401
    assert Program(alice.client).get("/users/alice").json["relation"] is None


def test_a_token_is_no_session(app):
    alice = program(app, "alice")
    headers = {"Authorization": f"Bearer {alice.secret}"}
    assert app.test_client().get("/account", headers=headers).location.startswith("/login")
