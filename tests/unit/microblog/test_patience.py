"""Whoever has to wait loses nothing of what they wrote, and is told when to send it."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from microblog import limits
from microblog.database import db
from microblog.limits import Limit
from microblog.messages import views as messages
from microblog.moderation import report_views
from microblog.oversight import Report

ONCE = Limit(burst=1, seconds=45)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Nothing passes while a test runs."""
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_000.0)


def test_a_message_that_has_to_wait_is_still_there(app, somebody, monkeypatch):
    monkeypatch.setattr(messages, "MESSAGES", ONCE)
    alice, _bob = somebody("alice"), somebody("bob")
    sent = alice.post("/people/bob/message", {"body": "hello"})
    for path in ("/people/bob/message", sent.location.partition("#")[0]):
        refused = alice.post(path, {"body": "are you there?"})
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "45"
        page = BeautifulSoup(refused.text, "html.parser")
        assert page.select_one("[name=body]").text.strip() == "are you there?"
        assert "Please try again in 45 seconds." in page.select_one("#body-error").text


def test_a_report_that_has_to_wait_is_still_there(app, somebody, monkeypatch):
    monkeypatch.setattr(report_views, "REPORTS", ONCE)
    alice, _bob, _carol = (somebody(name) for name in ("alice", "bob", "carol"))
    fields = {"reason": "spam", "words": "Twice a day."}
    assert alice.post("/people/bob/report", fields).status_code == 303
    refused = alice.post("/people/carol/report", fields)
    assert refused.status_code == 429
    page = BeautifulSoup(refused.text, "html.parser")
    assert page.select_one("[name=words]").text.strip() == "Twice a day."
    assert page.select_one("[name=reason][checked]")["value"] == "spam"
    assert "Please try again in 45 seconds." in page.select_one("#words-error").text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Report)) == 1
