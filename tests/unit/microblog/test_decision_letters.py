"""A decision is told in the language of whom it is about, whatever its moderator reads."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from microblog.auth import accounts
from microblog.database import db
from microblog.models import Letter, User
from microblog.moderation import decisions
from microblog.moderation.cases import Outcome
from microblog.oversight import FOREVER, Case
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


def test_a_suspension_that_is_lifted_is_told_whatever_was_decided_meanwhile(mailing, molly):
    mailing.member("eve").write("buy my things")
    molly.post("/posts/1/report", {"reason": "spam", "words": ""})
    suspended(mailing, molly)
    with mailing.app.app_context():
        earlier = update(Case).where(Case.outcome == Outcome.SUSPENDED)
        db.session.execute(earlier.values(decided_at=now() - timedelta(hours=1)))
        db.session.commit()
    molly.post("/moderation/cases/1", {"decision": "removed", "reason": "It is spam."})
    assert newest(mailing)[0] == REMOVED["en"]
    molly.post("/moderation/people/eve/restore", {"reason": "Enough."})
    assert newest(mailing)[0] == LIFTED["en"]


def test_each_decision_has_a_letter_of_its_own(mailing, molly):
    eve = mailing.member("eve")
    for post_id in (1, 2):
        eve.write("buy my things")
        molly.post(f"/posts/{post_id}/report", {"reason": "spam", "words": ""})
    said = len(mailing.mailbox.to(EVE))
    for case_id in (1, 2):
        molly.post(
            f"/moderation/cases/{case_id}", {"decision": "removed", "reason": f"It is spam {case_id}."}
        )
    assert mailing.deliver() == 2
    first, second = (letter.get_content() for letter in mailing.mailbox.to(EVE)[said:])
    assert "It is spam 1." in first
    assert "It is spam 2." in second


def test_of_one_case_the_last_decision_is_told(mailing, molly):
    mailing.member("eve")
    molly.post("/moderation/people/eve/suspend", {"duration": "forever", "reason": "For spam."})
    molly.post("/moderation/people/eve/restore", {"reason": "It was somebody else."})
    assert mailing.deliver() == 1
    assert mailing.mailbox.to(EVE)[-1]["Subject"] == LIFTED["en"]


def test_a_decision_follows_its_reader_to_another_address(mailing, molly):
    mailing.member("eve").write("buy my things")
    molly.post("/posts/1/report", {"reason": "spam", "words": ""})
    molly.post("/moderation/cases/1", {"decision": "removed", "reason": "It is spam."})
    with mailing.app.app_context():
        eve = db.session.get(User, mailing.store.user("eve").id)
        assert accounts.change_email(eve, "new@example.org")
    mailing.deliver()
    assert REMOVED["en"] in [letter["Subject"] for letter in mailing.mailbox.to("new@example.org")]


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


def test_who_stays_out_by_another_decision_is_not_told_that_all_is_as_before(mailing, molly):
    eve = mailing.member("eve")
    with mailing.app.app_context():
        somebody, moderator = (
            db.session.scalar(select(User).where(User.username == name)) for name in ("eve", "molly")
        )
        decisions.suspend_unreported(moderator, somebody, "one", FOREVER)
        first = db.session.scalar(select(Case))
        assert decisions.appeal(first, somebody, "no")
        decisions.suspend_unreported(moderator, somebody, "two", FOREVER)
        db.session.refresh(first)
        assert decisions.grant(moderator, first, somebody, "fair enough")
    subject, text = newest(mailing)
    assert subject == LIFTED["en"]
    assert "Another one still keeps you out." in text
    assert "as before" not in text
    assert eve.login("eve").location.startswith("/account/suspended?")


def test_a_letter_of_the_release_before_which_knew_no_case_tells_the_last_decision(mailing, molly):
    mailing.member("eve")
    suspended(mailing, molly)
    with mailing.app.app_context():
        db.session.execute(update(Letter).values(case_id=None))
        db.session.commit()
    assert newest(mailing)[0] == SUSPENDED["en"]
