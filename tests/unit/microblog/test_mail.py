"""Letters and the links in them, through a real SMTP conversation."""

import re
import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from microblog import create_app
from microblog.auth import accounts
from microblog.database import db
from microblog.mail import courier, outbox
from microblog.models import Allowance, Letter, User
from microblog.times import now
from tests.unit.microblog.conftest import PASSWORD, Browser, close
from tests.waiting import wait_until

NEW_PASSWORD = "a new horse every day"
ALICE, BOB, NEW = "alice@example.org", "bob@example.org", "new@example.org"


def ask_for_reset(browser: Browser, email: str = ALICE, **kwargs):
    return browser.post("/password/forgotten", {"email": email}, **kwargs)


def letters(mailing) -> list[Letter]:
    with mailing.app.app_context():
        return list(db.session.scalars(select(Letter)))


def forget_counts(mailing) -> None:
    """As if nobody had asked for anything in the last hours."""
    with mailing.app.app_context():
        db.session.execute(delete(Allowance))
        db.session.commit()


def people(mailing) -> int:
    with mailing.app.app_context():
        return db.session.scalar(select(func.count()).select_from(User))


# Registering


def test_an_account_begins_with_the_link(mailing):
    browser = mailing.browser()
    assert browser.register("alice").location == "/mail/sent"
    assert "Look into your mailbox" in browser.get("/mail/sent").text
    assert people(mailing) == 0
    assert browser.login("alice").status_code == 422
    assert mailing.deliver() == 1
    link = mailing.mailbox.link(ALICE)
    assert browser.page(link).find("h1").text == "Confirm your address"
    assert people(mailing) == 0, "looking at the page changes nothing"
    assert browser.post("/register/confirm", {"token": mailing.mailbox.token(ALICE)}).location == "/"
    assert "Welcome, alice!" in browser.get("/").text


def test_in_another_browser_the_password_is_asked_for(mailing):
    mailing.browser().register("alice")
    mailing.deliver()
    elsewhere = mailing.browser()
    token = mailing.mailbox.token(ALICE)
    assert elsewhere.post("/register/confirm", {"token": token}).location == "/login"
    assert elsewhere.get("/account").status_code == 303
    assert elsewhere.login("alice").status_code == 303


def test_the_link_makes_one_account(mailing):
    mailing.member("alice")
    token = mailing.mailbox.token(ALICE)
    assert mailing.browser().post("/register/confirm", {"token": token}).status_code == 410
    assert people(mailing) == 1


def test_registering_does_not_tell_whether_an_address_is_known(mailing):
    mailing.member("alice")
    answers = {}
    for name, email in (("bob", BOB), ("carol", ALICE)):
        browser = mailing.browser()
        browser.token()
        forget_counts(mailing)
        with mailing.store.statements() as sent:
            answer = browser.register(name, email=email)
        page = re.sub(r'value="[^"]+"', "", browser.get(answer.location).text)
        page = re.sub("<code>.*</code>", "", page)
        answers[email] = (answer.status_code, answer.location, answer.text, page, sent)
    assert answers[BOB] == answers[ALICE]
    mailing.deliver()
    assert "token=" in mailing.mailbox.text(BOB)
    assert "It has one already: yours." in mailing.mailbox.text(ALICE)
    assert "token=" not in mailing.mailbox.text(ALICE)


def test_a_name_taken_in_the_meantime_leaves_no_half_account(mailing):
    first, second = mailing.browser(), mailing.browser()
    first.register("alice")
    second.register("alice", email=BOB)
    mailing.deliver()
    assert first.post("/register/confirm", {"token": mailing.mailbox.token(ALICE)}).location == "/"
    assert second.post("/register/confirm", {"token": mailing.mailbox.token(BOB)}).status_code == 410
    assert people(mailing) == 1


# A forgotten password


def test_a_password_is_reset_once_and_every_browser_is_logged_out(mailing):
    alice, browser = mailing.member("alice"), mailing.browser()
    assert ask_for_reset(browser).location == "/mail/sent"
    mailing.deliver()
    token = mailing.mailbox.token(ALICE)
    assert browser.get(mailing.mailbox.link(ALICE)).status_code == 200
    assert browser.get(mailing.mailbox.link(ALICE)).status_code == 200, "looking does not use it up"
    answer = browser.post("/password/new", {"token": token, "password": NEW_PASSWORD})
    assert answer.location == "/login"
    assert alice.get("/account").status_code == 303
    assert browser.get(f"/password/new?token={token}").status_code == 410
    assert browser.post("/password/new", {"token": token, "password": "yet another one"}).status_code == 410
    assert browser.login("alice").status_code == 422
    assert browser.login("alice", NEW_PASSWORD).status_code == 303
    mailing.deliver()
    assert "was just changed" in mailing.mailbox.text(ALICE)


def test_a_reset_voids_the_other_links_too(mailing):
    alice, browser = mailing.member("alice"), mailing.browser()
    alice.post("/account/email", {"email": NEW, "current": PASSWORD})
    ask_for_reset(browser)
    mailing.deliver()
    first, change = mailing.mailbox.token(ALICE), mailing.mailbox.token(NEW)
    ask_for_reset(browser)
    mailing.deliver()
    second = mailing.mailbox.token(ALICE)
    assert browser.post("/password/new", {"token": second, "password": NEW_PASSWORD}).status_code == 303
    assert browser.get(f"/password/new?token={first}").status_code == 410
    assert browser.get(f"/account/email/confirm?token={change}").status_code == 410


def test_a_changed_password_voids_a_reset_link(mailing):
    alice = mailing.member("alice")
    ask_for_reset(mailing.browser())
    mailing.deliver()
    token = mailing.mailbox.token(ALICE)
    alice.post("/account/password", {"current": PASSWORD, "password": NEW_PASSWORD})
    assert mailing.browser().get(f"/password/new?token={token}").status_code == 410


def test_a_reset_link_is_good_for_an_hour(mailing):
    mailing.member("alice")
    browser = mailing.browser()
    ask_for_reset(browser)
    mailing.deliver()
    token = mailing.mailbox.token(ALICE)
    for minutes, status in ((59, 200), (2, 410)):
        with mailing.app.app_context():
            (expires_at,) = db.session.scalars(select(Letter.expires_at))
            db.session.execute(update(Letter).values(expires_at=expires_at - timedelta(minutes=minutes)))
            db.session.commit()
        assert browser.get(f"/password/new?token={token}").status_code == status


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "blog.example.evil.example"])
def test_the_host_of_a_link_is_never_the_one_that_was_asked_for(mailing, host):
    mailing.member("alice")
    browser = mailing.browser()
    token = browser.token()
    headers = {"Host": host, "X-Forwarded-Host": host, "Cookie": session_cookie(browser)}
    answer = mailing.app.test_client(use_cookies=False).post(
        "/password/forgotten", data={"email": ALICE, "csrf_token": token}, headers=headers
    )
    assert answer.status_code == 303
    mailing.deliver()
    body = mailing.mailbox.text(ALICE)
    assert "https://blog.example/password/new?token=" in body
    assert "evil" not in body


def session_cookie(browser: Browser) -> str:
    return f"session={browser.client.get_cookie('session').value}"


def test_asking_does_not_tell_whether_there_is_an_account(mailing):
    mailing.member("alice")
    answers = []
    for email in (ALICE, "nobody@example.org"):
        browser = mailing.browser()
        browser.token()
        forget_counts(mailing)
        with mailing.store.statements() as sent:
            answer = ask_for_reset(browser, email)
        answers.append((answer.status_code, answer.location, answer.text, sent))
    assert answers[0] == answers[1]
    mailing.deliver()
    assert len(mailing.mailbox.to("nobody@example.org")) == 0
    assert len(mailing.mailbox.to(ALICE)) == 2


def test_a_mailbox_is_not_filled_through_us(mailing):
    mailing.member("alice")
    for email in (ALICE, "nobody@example.org"):
        answers = [ask_for_reset(mailing.browser(), email).status_code for _ in range(4)]
        assert answers.count(303) == (2 if email == ALICE else 3), "registering was one letter"
        assert answers[-1] == 429


def test_who_resets_is_not_locked_out_by_those_who_guess(mailing):
    mailing.member("alice")
    browser = mailing.browser()
    for _ in range(accounts.PASSWORDS.burst):
        mailing.browser().login("alice", "guess " * 2)
    assert browser.login("alice").status_code == 429
    ask_for_reset(browser)
    mailing.deliver()
    browser.post("/password/new", {"token": mailing.mailbox.token(ALICE), "password": NEW_PASSWORD})
    for _ in range(accounts.PASSWORDS.burst + 1):
        mailing.browser().login("alice", "guess " * 2)
    assert browser.login("alice", NEW_PASSWORD).status_code == 303


def test_a_weak_new_password_leaves_the_link_good(mailing):
    mailing.member("alice")
    browser = mailing.browser()
    ask_for_reset(browser)
    mailing.deliver()
    token = mailing.mailbox.token(ALICE)
    assert browser.post("/password/new", {"token": token, "password": "password"}).status_code == 422
    assert browser.post("/password/new", {"token": token, "password": NEW_PASSWORD}).status_code == 303


@pytest.mark.parametrize("path", ["/password/new", "/register/confirm", "/account/email/confirm"])
@pytest.mark.parametrize("token", ["", "x" * 43, "\0", "x" * 5000, "ñ", "' OR 1=1 --"])
def test_a_strange_token_opens_nothing(mailing, path, token):
    browser = mailing.browser()
    answer = browser.get(path, query_string={"token": token})
    assert answer.status_code == 410
    assert "This link is not good any more" in answer.text
    assert browser.post(path, {"token": token, "password": NEW_PASSWORD}).status_code == 410


def test_a_link_is_for_one_purpose(mailing):
    mailing.member("alice")
    browser = mailing.browser()
    ask_for_reset(browser)
    mailing.deliver()
    token = mailing.mailbox.token(ALICE)
    assert browser.get(f"/register/confirm?token={token}").status_code == 410
    assert browser.get(f"/account/email/confirm?token={token}").status_code == 410


# Another address


def test_a_new_address_counts_once_it_is_confirmed(mailing):
    alice = mailing.member("alice")
    answer = alice.post("/account/email", {"email": "New@Example.org", "current": PASSWORD})
    assert answer.location == "/mail/sent"
    assert mailing.store.user("alice").email == ALICE
    mailing.deliver()
    token = mailing.mailbox.token(NEW)
    assert "new@example.org" in alice.get(mailing.mailbox.link(NEW)).text
    assert alice.post("/account/email/confirm", {"token": token}).location == "/account"
    assert mailing.store.user("alice").email == NEW
    assert alice.post("/account/email/confirm", {"token": token}).status_code == 410
    mailing.deliver()
    assert "your account has another address now" in mailing.mailbox.text(ALICE)


def test_changing_to_a_known_address_tells_its_owner_and_nobody_else(mailing):
    mailing.member("alice")
    bob = mailing.member("bob")
    assert bob.post("/account/email", {"email": ALICE, "current": PASSWORD}).location == "/mail/sent"
    mailing.deliver()
    assert "It has one already: yours." in mailing.mailbox.text(ALICE)


def test_an_address_taken_meanwhile_is_not_taken_over(mailing):
    alice, bob = mailing.member("alice"), mailing.member("bob")
    for browser in (alice, bob):
        browser.post("/account/email", {"email": NEW, "current": PASSWORD})
    mailing.deliver()
    texts = [mail.get_content() for mail in mailing.mailbox.to(NEW)]
    tokens = [re.search(r"token=(\S+)", body)[1] for body in texts]
    assert [alice.post("/account/email/confirm", {"token": token}).status_code for token in tokens] == [
        303,
        410,
    ]


def test_a_person_who_left_gets_no_letter_and_leaves_no_link(mailing):
    alice = mailing.member("alice")
    alice.post("/account/email", {"email": NEW, "current": PASSWORD})
    ask_for_reset(mailing.browser())
    alice.post("/account/delete", {"current": PASSWORD})
    assert letters(mailing) == []


# Sending


def test_a_mail_says_who_it_is_from_and_that_a_robot_wrote_it(mailing):
    mailing.browser().register("alice")
    mailing.deliver()
    (mail,) = mailing.mailbox.mails
    assert mail["From"] == "Microblog <microblog@blog.example>"
    assert mail["To"] == ALICE
    assert mail["Subject"] == "Confirm your address"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@blog.example>")
    assert mail.get_content_type() == "text/plain"
    assert mailing.mailbox.senders == [mailing.mailbox.senders[0]]
    assert "<microblog@blog.example>" in mailing.mailbox.senders[0]


def test_a_letter_is_in_the_language_of_whoever_asked(mailing):
    browser = mailing.browser()
    browser.post("/language", {"language": "es"})
    browser.register("alice")
    mailing.browser().register("bob")
    mailing.deliver()
    assert mailing.mailbox.to(ALICE)[0]["Subject"] == "Confirma tu dirección"
    assert "El enlace vale durante 24 horas" in mailing.mailbox.text(ALICE)
    assert "The link is good for 24 hours" in mailing.mailbox.text(BOB)


def test_no_token_and_no_link_is_stored_or_logged(mailing, capsys):
    mailing.member("alice")
    ask_for_reset(mailing.browser())
    mailing.deliver()
    token = mailing.mailbox.token(ALICE)
    mailing.browser().get(mailing.mailbox.link(ALICE))
    (letter,) = letters(mailing)
    stored = [getattr(letter, column.key) for column in Letter.__table__.columns]
    assert token not in stored
    assert letter.token_hash
    output = capsys.readouterr().out
    assert "/password/new" in output
    assert token not in output


def test_a_page_with_a_token_sends_no_referrer_and_is_not_kept(mailing):
    mailing.browser().register("alice")
    mailing.deliver()
    headers = mailing.browser().get(mailing.mailbox.link(ALICE)).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "private, no-store"


@pytest.fixture
def without_server(settings):
    """A site whose mail server is down."""
    # Who has the port without listening refuses every connection, and nobody else gets it.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        mail = courier.MailSettings(
            "127.0.0.1", port, "smtp", "microblog@blog.example", "https://blog.example"
        )
        app = create_app(replace(settings, mail=mail))
        yield app
        close(app)


def test_a_mail_server_that_is_down_fails_no_request(without_server, capsys):
    browser = Browser(without_server.test_client())
    assert browser.register("alice").status_code == 303
    with without_server.app_context():
        assert courier.send_due() == 0
        ((attempts, due_at),) = db.session.execute(select(Letter.attempts, Letter.due_at))
        assert attempts == 0, "the letter is not to blame"
        assert due_at > now()
    assert "Connection refused" in capsys.readouterr().out


def test_many_letters_are_one_try_of_a_server_that_is_down(without_server, capsys):
    for name in ("alice", "bob", "carol"):
        Browser(without_server.test_client()).register(name)
    with without_server.app_context():
        assert [courier.send_due() for _round in range(3)] == [0, 0, 0]
        waiting = db.session.scalars(select(Letter.due_at)).all()
    assert max(waiting) <= now() + timedelta(seconds=30)
    assert capsys.readouterr().out.count("Connection refused") == 1


def make_due(mailing) -> None:
    with mailing.app.app_context():
        db.session.execute(update(Letter).where(Letter.due_at.is_not(None)).values(due_at=now()))
        db.session.commit()


def test_a_letter_that_was_refused_for_now_is_sent_later(mailing):
    mailing.browser().register("alice")
    mailing.mailbox.answer = "450 later"
    assert mailing.deliver() == 0
    mailing.mailbox.answer = "250 fine"
    assert mailing.deliver() == 0, "not at once"
    make_due(mailing)
    assert mailing.deliver() == 1
    assert mailing.browser().get(mailing.mailbox.link(ALICE)).status_code == 200


@pytest.fixture
def clock(monkeypatch):
    """Sets the outbox's clock so many minutes ahead."""
    return lambda minutes: monkeypatch.setattr(outbox, "now", lambda: now() + timedelta(minutes=minutes))


@pytest.mark.parametrize("minutes", [1, 22, 59])
def test_after_an_outage_a_letter_is_sent_within_a_minute(mailing, clock, minutes):
    mailing.member("alice")
    ask_for_reset(mailing.browser())
    settings = mailing.app.config["MAIL"]
    mailing.app.config["MAIL"] = replace(settings, port=1)  # where nobody listens
    for minute in range(minutes):
        clock(minute)
        assert mailing.deliver() == 0
    mailing.app.config["MAIL"] = settings
    clock(minutes)
    assert mailing.deliver() == 1


@pytest.mark.parametrize("answer", ["450 later", "421 closing"])
def test_a_letter_that_is_refused_for_now_is_tried_until_shortly_before_its_time_is_over(
    mailing, clock, answer
):
    mailing.member("alice")
    ask_for_reset(mailing.browser())
    mailing.mailbox.answer = answer
    tries = []
    for minute in range(65):
        clock(minute)
        before = letters(mailing)[0].attempts
        mailing.deliver()
        if letters(mailing)[0].attempts > before:
            tries.append(minute)
    assert tries[:4] == [0, 2, 7, 22]
    assert 55 <= tries[-1] < 60
    assert len(tries) < 12


def test_the_hour_of_a_link_begins_when_it_is_sent(mailing, clock):
    mailing.member("alice")
    ask_for_reset(mailing.browser())
    clock(55)
    mailing.deliver()
    link = mailing.mailbox.link(ALICE)
    for minutes, status in ((55 + 59, 200), (55 + 61, 410)):
        clock(minutes)
        assert mailing.browser().get(link).status_code == status


def test_a_letter_that_breaks_the_conversation_off_does_not_hold_up_the_others(mailing):
    mailing.browser().register("alice")
    mailing.mailbox.answer = ""
    assert mailing.deliver() == 0
    mailing.mailbox.answer = "250 fine"
    mailing.browser().register("bob")
    assert mailing.deliver() == 1
    assert len(mailing.mailbox.to(BOB)) == 1


def test_a_letter_that_nobody_will_take_is_given_up(mailing):
    mailing.browser().register("alice")
    mailing.mailbox.answer = "550 no such mailbox"
    assert mailing.deliver() == 0
    assert letters(mailing) == []


@pytest.mark.parametrize("host", ["bücher.example", "Bücher.Example", "пример.example"])
def test_a_host_in_other_letters_gets_its_mail(mailing, host):
    browser = mailing.browser()
    browser.register("zoe", email=f"zoe@{host}")
    assert mailing.deliver() == 1
    (mail,) = mailing.mailbox.mails
    assert mail["To"] == f"zoe@{host.lower().encode('idna').decode()}"
    assert "xn--" in mail["To"]
    assert browser.post("/register/confirm", {"token": mailing.mailbox.token(mail["To"])}).location == "/"
    assert mailing.store.user("zoe").email == f"zoe@{host.lower()}"


@pytest.mark.parametrize("bad", ["josé@example.org", "jo..se@example.org", "jose.@example.org"])
def test_one_bad_address_does_not_hold_up_the_others(mailing, bad):
    mailing.browser().register("jose")
    with mailing.app.app_context():
        db.session.execute(update(Letter).values(email=bad))  # as the release before took it
        db.session.commit()
    mailing.browser().register("alice")
    assert mailing.deliver() == 1
    assert len(mailing.mailbox.to(ALICE)) == 1


def test_a_letter_is_sent_once_by_several_senders(mailing):
    mailing.browser().register("alice")
    with mailing.app.app_context():
        assert outbox.claim() is not None
        assert outbox.claim() is None
    make_due(mailing)
    assert [mailing.deliver(), mailing.deliver()] == [1, 0]


def test_letters_wait_for_a_sender_that_was_stopped(mailing):
    mailing.browser().register("alice")
    with mailing.app.app_context():
        outbox.claim()  # and there it was killed
    make_due(mailing)
    assert mailing.deliver() == 1
    assert mailing.browser().get(mailing.mailbox.link(ALICE)).status_code == 200


def test_what_has_expired_is_cleared_away_and_not_sent(mailing):
    mailing.browser().register("alice")
    with mailing.app.app_context():
        db.session.execute(update(Letter).values(expires_at=now() - timedelta(seconds=1)))
        db.session.commit()
        assert courier.send_due() == 0
        courier.tidy()
    assert letters(mailing) == []


def test_the_command_sends_what_is_due(mailing):
    mailing.browser().register("alice")
    result = mailing.app.test_cli_runner().invoke(args=["mail", "send"])
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "1 sent")


def test_without_settings_the_command_says_so(app):
    result = app.test_cli_runner().invoke(args=["mail", "send"])
    assert result.exit_code == 1
    assert "MAIL_URL is not set." in result.output


def test_the_thread_sends_by_itself(mailing, monkeypatch):
    monkeypatch.setattr(courier, "LOOK_EVERY_SECONDS", 0.01)
    mailing.browser().register("alice")
    thread = courier.Courier(mailing.app)
    thread.start()
    wait_until(lambda: mailing.mailbox.mails, 10, "the mail")
    thread.stop()
    assert not thread.is_alive()
    assert len(mailing.mailbox.to(ALICE)) == 1


def test_a_database_that_is_down_does_not_end_the_thread(mailing, monkeypatch, capsys):
    monkeypatch.setattr(courier, "LOOK_EVERY_SECONDS", 0.01)
    with mailing.app.app_context():
        db.session.execute(text("ALTER TABLE letter RENAME TO away"))
        db.session.commit()
    thread = courier.Courier(mailing.app)
    thread.start()
    log: list[str] = []
    wait_until(lambda: log.append(capsys.readouterr().out) or "No letters" in "".join(log), 10, "a warning")
    with mailing.app.app_context():
        db.session.execute(text("ALTER TABLE away RENAME TO letter"))
        db.session.commit()
    mailing.browser().register("alice")
    wait_until(lambda: mailing.mailbox.mails, 10, "the mail")
    thread.stop()


def test_nothing_but_a_letter_leads_to_a_new_password(mailing):
    mailing.member("alice")
    browser = mailing.browser()
    ask_for_reset(browser)
    mailing.deliver()
    asked = {
        "/register": {"username", "email", "password"},
        "/login": {"identity", "password", "remember"},
        "/password/forgotten": {"email"},
        mailing.mailbox.link(ALICE): {"token", "username", "password"},
    }
    for path, names in asked.items():
        fields = {field["name"] for field in browser.page(path).select("main [name]")}
        assert fields - {"csrf_token"} == names, "no hint and no question is kept or asked for"
