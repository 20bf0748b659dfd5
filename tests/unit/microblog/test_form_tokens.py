"""No other site makes a browser act here: whatever changes something wants the token of the session."""

import pytest
from flask import Flask
from sqlalchemy import update

from microblog.database import db
from microblog.models import User
from microblog.roles import Role
from tests.unit.microblog.conftest import Browser

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# There is something of each number, and somebody of that name.
PARTS = {"username": "bob", "post_id": 1, "case_id": 1, "conversation_id": 1, "number": 1}


def changing(app: Flask) -> set[tuple[str, str]]:
    """Every method and path that changes something, but those of programs: they bring no cookie."""
    adapter = app.url_map.bind("localhost")
    return {
        (method, adapter.build(rule.endpoint, {name: PARTS[name] for name in rule.arguments}, method))
        for rule in app.url_map.iter_rules()
        for method in CHANGING & (rule.methods or set())
        if not rule.rule.startswith("/api/")
    }


@pytest.fixture
def anna(app, somebody) -> Browser:
    """An admin, who may do everything, where there is something to do it to."""
    anna, bob = somebody("anna"), somebody("bob")
    with app.app_context():
        db.session.execute(update(User).where(User.username == "anna").values(role=int(Role.ADMIN)))
        db.session.commit()
    bob.write("hello")
    bob.post("/people/anna/message", {"body": "hello"})
    anna.post("/posts/1/report", {"reason": "spam", "words": ""})
    return anna


def test_whatever_changes_something_wants_the_token_of_the_session(app, anna):
    strangers = Browser(app.test_client()).token()
    found = changing(app)
    assert {("POST", "/posts"), ("POST", "/logout"), ("POST", "/moderation/people/bob/role")} <= found
    assert len(found) > 40
    for method, path in sorted(found):
        for form in ({}, {"csrf_token": ""}, {"csrf_token": strangers}):
            refused = anna.client.open(path, method=method, data=form)
            assert refused.status_code == 400, path
            assert "The form has expired" in refused.text, path
    assert anna.get("/account").status_code == 200, "nothing of it was done"
