"""Where people are logged in: shown, ended, renewed, and what a thief of old secrets gets."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from microblog import create_app
from microblog.auth import accounts, passwords, user_agents
from microblog.database import db
from microblog.mail import outbox
from microblog.mail.outbox import Purpose
from microblog.models import ApiToken, SignIn, User
from microblog.times import now
from tests.unit.microblog.conftest import PASSWORD, Browser, close, elsewhere

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
)
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
NEW_PASSWORD = "a new horse every day"


@pytest.fixture
def phone(app, somebody):
    """Alice's second browser; the first is `laptop`."""
    return Browser(app.test_client())


@pytest.fixture
def laptop(somebody):
    return somebody("alice")


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def names(browser: Browser) -> list[str]:
    return [item.text for item in browser.page("/account").select(".logins strong")]


def rows(app) -> list[SignIn]:
    with app.app_context():
        return list(db.session.scalars(select(SignIn)))


def test_every_login_is_listed_by_browser_and_system(laptop, phone):
    phone.post("/login", {"identity": "alice", "password": PASSWORD}, headers={"User-Agent": CHROME})
    assert names(laptop) == ["Unknown browser", "Chrome · Android"]
    assert names(phone) == ["Chrome · Android", "Unknown browser"]
    page = laptop.page("/account")
    assert [badge.text for badge in page.select(".logins .badge")] == ["this browser"]
    assert len(page.select(".logins form")) == 1


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, ("Firefox", "Linux")),
        (CHROME, ("Chrome", "Android")),
        (SAFARI, ("Safari", "iPhone")),
        (EDGE, ("Edge", "Windows")),
        ("", ("", "")),
    ],
)
def test_a_browser_is_called_by_its_usual_name(agent, name):
    assert (user_agents.browser(agent), user_agents.system(agent)) == name


@pytest.mark.parametrize("agent", ["<script>alert(1)</script>", "x" * 5000, "\u202etxet"])
def test_a_strange_browser_is_no_trouble(app, laptop, phone, agent):
    agent = agent.encode().decode("latin-1")
    response = phone.post(
        "/login", {"identity": "alice", "password": PASSWORD}, headers={"User-Agent": agent}
    )
    assert response.status_code == 303
    assert "<script>alert" not in laptop.get("/account").text


def test_one_login_is_ended(app, laptop, phone):
    phone.login("alice")
    number = max(row.id for row in rows(app))
    assert laptop.post(f"/account/logins/{number}/end").location == "/account"
    assert is_in(laptop)
    assert not is_in(phone)
    assert laptop.post(f"/account/logins/{number}/end").status_code == 404


def test_ending_this_browsers_own_login_leads_to_the_login_page(app, laptop):
    (row,) = rows(app)
    assert laptop.post(f"/account/logins/{row.id}/end").location == "/login"
    assert not is_in(laptop)


def test_nobody_ends_the_login_of_another(app, laptop, somebody):
    (alices,) = rows(app)
    assert somebody("mallory").post(f"/account/logins/{alices.id}/end").status_code == 404
    assert is_in(laptop)


def test_everywhere_else_is_not_here(laptop, phone):
    phone.login("alice")
    laptop.post("/account/logins/end-others")
    assert is_in(laptop)
    assert not is_in(phone)


def test_everywhere_is_here_too(laptop, phone, somebody):
    bob = somebody("bob")
    phone.login("alice")
    assert laptop.post("/account/logins/end-all").location == "/login"
    assert not is_in(laptop)
    assert not is_in(phone)
    assert is_in(bob)


def test_logging_out_ends_the_session_also_for_a_copy_of_the_cookie(app, laptop):
    thief = copy_of(app, laptop)
    assert is_in(thief)
    laptop.post("/logout")
    assert not is_in(thief)


def test_a_login_gives_a_new_token_and_ends_the_one_before(app, laptop):
    thief = copy_of(app, laptop)
    changed = {"current": PASSWORD, "password": NEW_PASSWORD}
    assert laptop.post("/account/password", changed).location == "/account"
    assert is_in(laptop)
    assert not is_in(thief)
    assert len(rows(app)) == 1


@pytest.fixture
def reset_meanwhile(app, monkeypatch):
    """While the next password is being checked, somebody has the account's link and sets another one."""
    check = passwords.matches

    def reset() -> None:
        user = db.session.scalar(select(User))
        letter = outbox.linked(Purpose.RESET, outbox.link_for(user))
        assert accounts.reset_password(user, NEW_PASSWORD, letter)

    def checked(stored: str, password: str) -> bool:
        found = check(stored, password)
        monkeypatch.setattr(passwords, "matches", check)
        elsewhere(app, reset)
        return found

    monkeypatch.setattr(passwords, "matches", checked)


@pytest.mark.usefixtures("laptop", "reset_meanwhile")
def test_a_login_that_was_checking_the_old_password_ends_with_it(app, phone):
    assert phone.login("alice").status_code == 422
    assert not is_in(phone)
    assert rows(app) == []


@pytest.mark.usefixtures("laptop", "reset_meanwhile")
def test_a_hash_of_the_old_password_is_not_renewed_over_the_new_one(phone, monkeypatch):
    monkeypatch.setattr(passwords, "outdated", lambda _: True)
    assert phone.login("alice").status_code == 422
    monkeypatch.undo()
    assert phone.login("alice").status_code == 422
    assert phone.login("alice", NEW_PASSWORD).status_code == 303


@pytest.mark.usefixtures("laptop", "reset_meanwhile")
def test_a_token_that_was_asked_for_with_the_old_password_is_refused(app):
    response = app.test_client().post("/api/v1/tokens", json={"name": "x"}, auth=("alice", PASSWORD))
    assert response.status_code == 401


@pytest.mark.usefixtures("reset_meanwhile")
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/account/password", {"password": "the thief's own one"}),
        ("/account/tokens", {"name": "x", "days": "30"}),
    ],
)
def test_a_form_that_was_checking_the_old_password_does_nothing(app, laptop, phone, path, fields):
    assert laptop.post(path, {"current": PASSWORD, **fields}).location == "/login"
    assert phone.login("alice", NEW_PASSWORD).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(ApiToken)).all() == []


def copy_of(app, browser: Browser) -> Browser:
    thief = Browser(app.test_client())
    thief.client.set_cookie("session", browser.client.get_cookie("session").value)
    return thief


def test_the_database_never_has_the_token(app, laptop):
    with laptop.client.session_transaction() as session:
        token = session["sign_in"]
    (row,) = rows(app)
    assert len(token) == 43
    assert token not in vars(row).values()
    thief = Browser(app.test_client())
    with thief.client.session_transaction() as session:
        session["sign_in"] = row.token_hash
    assert not is_in(thief)


@pytest.mark.parametrize("token", ["", "x" * 10_000, "\0", 1, None, ["a"], {"a": 1}])
def test_a_strange_token_is_a_stranger(browser, token):
    with browser.client.session_transaction() as session:
        session["sign_in"] = token
    assert browser.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("remember", "idle", "stays"),
    [
        ("", timedelta(hours=23), True),
        ("", timedelta(hours=25), False),
        ("y", timedelta(days=29), True),
        ("y", timedelta(days=31), False),
    ],
)
def test_an_idle_browser_is_logged_out(app, laptop, phone, remember, idle, stays):
    phone.login("alice", **({"remember": remember} if remember else {}))
    with app.app_context():
        earlier = {
            "last_used": SignIn.last_used,
            "expires_at": max(row.expires_at for row in rows(app)) - idle,
        }
        db.session.execute(update(SignIn).values(earlier))
        db.session.commit()
    assert is_in(phone) is stays


def test_who_comes_back_stays_for_longer(app, laptop):
    with app.app_context():
        soon = now() + timedelta(minutes=1)
        db.session.execute(update(SignIn).values(last_used=now() - timedelta(hours=23), expires_at=soon))
        db.session.commit()
    laptop.get("/")
    (row,) = rows(app)
    assert row.expires_at > now() + timedelta(hours=23)


def test_changing_the_key_logs_nobody_out(app, settings, laptop):
    cookies = {name: laptop.client.get_cookie(name).value for name in ("session", "browser")}
    rotated = replace(settings, secret_key="n" * 40, former_secret_keys=(settings.secret_key,))
    forgotten = replace(settings, secret_key="n" * 40)
    for changed, stays in ((rotated, True), (forgotten, False)):
        another = create_app(changed)
        browser = Browser(another.test_client())
        for name, value in cookies.items():
            browser.client.set_cookie(name, value)
        assert is_in(browser) is stays
        close(another)


def test_what_the_new_key_signs_the_old_one_does_not_read(settings, somebody):
    rotated = create_app(replace(settings, secret_key="n" * 40, former_secret_keys=(settings.secret_key,)))
    browser = Browser(rotated.test_client())
    browser.register("alice")
    only_new = create_app(replace(settings, secret_key="n" * 40))
    copy = Browser(only_new.test_client())
    copy.client.set_cookie("session", browser.client.get_cookie("session").value)
    assert is_in(copy)
    close(rotated)
    close(only_new)


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_every_cookie_of_a_login_is_kept_from_scripts_and_other_sites(browser, scheme, secure):
    browser.client.environ_base["HTTP_X_FORWARDED_PROTO"] = scheme
    cookies = browser.register("alice").headers.getlist("Set-Cookie")
    prefix = "__Host-" if secure else ""
    assert {cookie.partition("=")[0] for cookie in cookies} == {f"{prefix}session", f"{prefix}browser"}
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is secure
        # What the prefix demands, or a browser drops it.
        assert "Path=/;" in f"{cookie};"
        assert "Domain" not in cookie


def test_behind_https_a_cookie_that_a_neighbour_could_have_set_is_not_looked_at(browser):
    browser.client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
    browser.register("alice")
    assert is_in(browser)
    cookies = {name: browser.client.get_cookie(f"__Host-{name}").value for name in ("session", "browser")}
    for name, value in cookies.items():
        browser.client.delete_cookie(f"__Host-{name}")
        browser.client.set_cookie(name, value)
    assert not is_in(browser)


def test_cookies_and_forms_are_signed_with_sha_256(browser):
    page = browser.register("alice") and browser.get("/")
    tokens = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
    assert tokens
    signed = {browser.client.get_cookie(name).value for name in ("session", "browser")} | set(tokens)
    # 256 bits are 43 letters of base64, SHA-1's are 27.
    assert {len(value.rpartition(".")[2]) for value in signed} == {43}


def test_a_cookie_that_somebody_else_signed_says_nothing(settings, laptop, app):
    elsewhere = create_app(replace(settings, secret_key="e" * 40))
    forged = Browser(elsewhere.test_client())
    assert forged.login("alice").status_code == 303, "the same people, another key"
    copy = Browser(app.test_client())
    copy.client.set_cookie("session", forged.client.get_cookie("session").value)
    assert is_in(forged)
    assert not is_in(copy)
    close(elsewhere)
