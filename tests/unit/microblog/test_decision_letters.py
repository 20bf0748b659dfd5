"""A decision is told in the language of whom it is about, whatever its moderator reads."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from microblog.database import db
from microblog.models import User
from microblog.roles import Role
from microblog.times import now
from tests.unit.microblog.conftest import Browser, Mailing

EVE = "eve@example.org"
SUSPENDED = {"es": "Tu cuenta está suspendida", "en": "Your account is suspended"}
REMOVED = {"es": "Se ha retirado una publicación tuya", "en": "A post of yours was removed"}
LIFTED = {"es": "Se ha anulado una decisión", "en": "A decision was taken back"}
STAYS = {"es": "La decisión se mantiene", "en": "The decision stays"}


def reading(browser: Browser, language: str) -> Browser:
    assert browser.post("/language", {"language": language}).status_code == 303
    return browser


def newest(mailing: Mailing) -> tuple[str, str]:
    """The subject of the last letter to Eve, and what it says."""
    mailing.deliver()
    return mailing.mailbox.to(EVE)[-1]["Subject"], mailing.mailbox.text(EVE)


@pytest.fixture
def molly(mailing):
    """A moderator's browser."""
    browser = mailing.member("molly")
    with mailing.app.app_context():
        moderator = update(User).where(User.username == "molly").values(role=int(Role.MODERATOR))
        db.session.execute(moderator)
        db.session.commit()
    return browser


@pytest.mark.parametrize(("reader", "moderator"), [("es", "en"), ("en", "es")])
def test_every_decision_is_in_the_language_of_its_reader(mailing, molly, reader, moderator):
    eve = reading(mailing.member("eve"), reader)
    reading(molly, moderator)
    eve.write("buy my things")
    molly.post("/posts/1/report", {"reason": "spam", "words": ""})
    decided = molly.post("/moderation/cases/1", {"decision": "removed", "reason": "It is spam."})
    assert decided.status_code == 303
    assert newest(mailing)[0] == REMOVED[reader]
    eve.post("/account/decisions/1/answer", {"words": "It is not."})
    molly.post("/moderation/cases/1", {"decision": "deny", "reason": "It is."})
    assert newest(mailing)[0] == STAYS[reader]
    molly.post("/moderation/people/eve/suspend", {"duration": "forever", "reason": "Again."})
    subject, text = newest(mailing)
    assert subject == SUSPENDED[reader]
    assert ("El motivo: Again." if reader == "es" else "The reason: Again.") in text
    molly.post("/moderation/people/eve/restore", {"reason": "Enough."})
    assert newest(mailing)[0] == LIFTED[reader]


def suspended(mailing: Mailing, molly: Browser) -> str:
    molly.post("/moderation/people/eve/suspend", {"duration": "forever", "reason": "For spam."})
    return newest(mailing)[0]


def test_who_never_chose_reads_what_their_browser_asks_for(mailing, molly):
    mailing.member("eve").post("/logout")
    with mailing.app.app_context():
        db.session.execute(update(User).where(User.username == "eve").values(language=None))
        db.session.commit()
    browser = mailing.browser()
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "es-MX, en;q=0.5"
    assert browser.login("eve").status_code == 303
    assert suspended(mailing, molly) == SUSPENDED["es"]


def test_a_browser_that_asks_for_another_does_not_replace_the_choice(mailing, molly):
    reading(mailing.member("eve"), "es")
    assert mailing.browser().login("eve").status_code == 303
    assert suspended(mailing, molly) == SUSPENDED["es"]


def test_a_choice_before_the_login_counts(mailing, molly):
    mailing.member("eve")
    assert reading(mailing.browser(), "es").login("eve").status_code == 303
    assert suspended(mailing, molly) == SUSPENDED["es"]


def test_of_whom_nothing_is_known_the_default_counts(mailing, molly):
    mailing.member("eve")
    with mailing.app.app_context():
        db.session.execute(update(User).where(User.username == "eve").values(language=None))
        db.session.commit()
    reading(molly, "es")
    assert suspended(mailing, molly) == SUSPENDED["en"]


def test_who_was_logged_in_before_there_was_a_place_for_it_is_noted_when_they_are_seen(mailing, molly):
    eve = mailing.member("eve")
    eve.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "es"
    with mailing.app.app_context():
        long_ago = now() - timedelta(minutes=6)
        of_before = update(User).where(User.username == "eve").values(language=None, last_seen=long_ago)
        db.session.execute(of_before)
        db.session.commit()
    eve.get("/")
    assert suspended(mailing, molly) == SUSPENDED["es"]


def test_an_operators_decision_is_in_it_too(mailing):
    reading(mailing.member("eve"), "es")
    words = ["user", "suspend", "eve", "--reason", "For spam."]
    assert mailing.app.test_cli_runner().invoke(args=words).exit_code == 0
    subject, _text = newest(mailing)
    assert subject == SUSPENDED["es"]
