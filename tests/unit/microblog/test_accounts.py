"""Registering, logging in and out."""

from urllib.parse import parse_qs, urlsplit

import pytest
from argon2 import PasswordHasher
from bs4 import BeautifulSoup
from sqlalchemy import func, select, update

from microblog.auth import passwords
from microblog.database import db
from microblog.models import User
from microblog.safe_url import same_site_path

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def password_cost() -> None:
    """What it costs to check one is of interest here."""


def test_who_registers_is_logged_in(browser):
    response = browser.register("Alice")
    assert (response.status_code, response.location) == (303, "/")
    assert "Welcome, Alice!" in browser.get("/").text


def test_a_form_without_a_token_is_refused(client):
    response = client.post(
        "/register", data={"username": "alice", "email": "a@b.example", "password": PASSWORD}
    )
    assert response.status_code == 400
    assert "The form has expired" in response.text


@pytest.mark.parametrize("path", ["/login", "/logout", "/posts", "/language", "/people/alice/follow"])
def test_every_form_demands_a_token(client, path):
    assert client.post(path).status_code == 400


@pytest.mark.parametrize(
    "username", ["ab", "a" * 33, "a b", "a/b", "<b>", "añb", "a\0b", "___", "", "ali\u202ece"]
)
def test_other_user_names_are_refused(browser, username):
    response = browser.post("/register", {"username": username, "email": "a@b.example", "password": PASSWORD})
    assert response.status_code == 422


@pytest.mark.parametrize("username", ["admin", "Admin", "login", "static"])
def test_reserved_words_are_refused(browser, username):
    response = browser.register(username)
    assert response.status_code == 422
    assert "This user name is reserved." in response.text


def test_a_user_name_is_taken_whatever_its_case(browser, somebody):
    somebody("Alice")
    response = browser.register("aLICE", email="other@example.org")
    assert response.status_code == 422
    assert "This user name is taken." in response.text


def test_an_address_is_taken_whatever_its_case(browser, somebody):
    somebody("alice")
    response = browser.register("bob", email="ALICE@Example.org")
    assert response.status_code == 422
    assert "There is an account with this address already." in response.text


@pytest.mark.parametrize(
    "email",
    ["", "nobody", "a@b", "a b@c.example", "a@b@c.example", "@b.example", "a@" + "b" * 260 + ".example"],
)
def test_other_addresses_are_refused(browser, email):
    response = browser.post("/register", {"username": "alice", "email": email, "password": PASSWORD})
    assert response.status_code == 422


@pytest.mark.parametrize(
    "email",
    [
        "zoë@example.org",
        "zo.e.@example.org",
        ".zoe@example.org",
        "z..e@example.org",
        "zoe@straße.example",  # another host by the rules of 2003, which are those that we know
        "zoe@\uff45xample.org",
        "zoe@mail\u3002example.org",
        f"zoe@{'b' * 64}.example",
    ],
)
def test_an_address_that_no_mail_can_be_sent_to_is_refused_beside_its_field(browser, somebody, email):
    changed = somebody("alice").post("/account/email", {"email": email, "current": PASSWORD})
    for response in (browser.register("bob", email=email), changed):
        assert response.status_code == 422
        page = BeautifulSoup(response.text, "html.parser")
        assert page.select_one("#email-error").text == "We cannot send mail to this address."


@pytest.mark.parametrize(("length", "status"), [(0, 422), (7, 422), (8, 303), (128, 303), (129, 422)])
def test_a_password_has_8_to_128_characters(browser, length, status):
    assert browser.register("alice", password="¶" * length).status_code == status


def test_errors_are_tied_to_their_fields(browser):
    page = browser.register("ab").text
    assert 'aria-describedby="username-hint username-error"' in page
    assert 'aria-invalid="true"' in page
    assert 'id="username-error"' in page


@pytest.mark.parametrize("identity", ["alice", "ALICE", "alice@example.org", "Alice@Example.ORG", " alice "])
def test_name_or_address_log_in(browser, somebody, identity):
    somebody("alice")
    assert browser.login(identity).status_code == 303
    assert "Log out" in browser.get("/").text


def test_a_wrong_password_and_an_unknown_name_look_the_same(app, somebody):
    somebody("alice")

    def answer(identity: str, password: str) -> tuple[int, str]:
        client = app.test_client()
        page = BeautifulSoup(client.get("/login").text, "html.parser")
        token = page.find("input", {"name": "csrf_token"})["value"]
        response = client.post(
            "/login", data={"csrf_token": token, "identity": identity, "password": password}
        )
        answered = BeautifulSoup(response.text, "html.parser")
        for field in answered.find_all("input", {"name": "csrf_token"}):
            field["value"] = ""  # it tells the second in which it was made
        return response.status_code, str(answered).replace(identity, "")

    wrong = answer("alice", "not the password")
    assert wrong == answer("mallory", "not the password")
    assert wrong[0] == 422
    assert "User name and password do not match." in wrong[1]


def test_an_unknown_name_costs_the_work_of_a_known_one():
    today = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash("x")
    assert passwords.NOBODY.split("$")[:4] == today.split("$")[:4]
    assert not passwords.outdated(passwords.NOBODY)
    assert not passwords.matches(None, PASSWORD)


def test_passwords_are_stored_with_argon2id(somebody, store):
    somebody("alice")
    assert store.user("alice").password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_old_hash_is_renewed_at_login(app, browser, somebody, store):
    somebody("alice")
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with app.app_context():
        db.session.execute(update(User).values(password_hash=old))
        db.session.commit()
    assert browser.login("alice").status_code == 303
    assert "m=19456,t=2" in store.user("alice").password_hash


def test_a_broken_hash_never_matches(app, browser, somebody):
    somebody("alice")
    with app.app_context():
        db.session.execute(update(User).values(password_hash="!"))
        db.session.commit()
    assert browser.login("alice").status_code == 422


def test_too_many_passwords_at_once_are_turned_away(browser, somebody, monkeypatch):
    somebody("alice")
    monkeypatch.setattr(passwords, "PATIENCE_SECONDS", 0.01)
    for _ in range(passwords.AT_A_TIME):
        passwords._slots.acquire()
    try:
        response = browser.login("alice")
    finally:
        for _ in range(passwords.AT_A_TIME):
            passwords._slots.release()
    assert response.status_code == 429
    assert response.headers["Retry-After"]
    assert browser.login("alice").status_code == 303


def test_logging_out_is_a_form(somebody):
    alice = somebody("alice")
    assert alice.get("/logout").status_code == 405
    assert "Log out" in alice.get("/").text
    assert alice.post("/logout").status_code == 303
    assert "Log out" not in alice.get("/explore").text


def cookie(response, name="session"):
    return next(line for line in response.headers.getlist("Set-Cookie") if line.startswith(f"{name}="))


def test_only_remember_me_outlives_the_browser(browser, somebody):
    somebody("alice")
    assert "Expires" not in cookie(browser.login("alice"))
    browser.post("/logout")
    assert "Expires" in cookie(browser.login("alice", remember="y"))


def test_a_login_starts_a_new_session_and_keeps_the_language(browser, somebody):
    somebody("alice")
    browser.post("/language", {"language": "es"})
    with browser.client.session_transaction() as session:
        session["left over"] = "by a stranger"
    browser.login("alice")
    with browser.client.session_transaction() as session:
        assert session["language"] == "es"
        assert "left over" not in session


def test_a_stranger_is_sent_to_the_login_and_back(browser, somebody):
    somebody("alice")
    response = browser.get("/profile/edit?x=1")
    target = parse_qs(urlsplit(response.location).query)["next"][0]
    assert target == "/profile/edit?x=1"
    assert browser.login("alice", next=target).location == "/profile/edit?x=1"


def test_a_form_is_no_place_to_come_back_to(browser):
    assert browser.write("hello").location == "/login"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "http:///evil.example",
        "https:evil.example",
        "https:/evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "/%0a/evil.example\r\nLocation: https://evil.example",
        "/\x00/evil.example",
        "/\x7f/evil.example",
        "\\/evil.example",
        "/\\/evil.example",
        "data:text/html,x",
        "evil.example",
        " /explore",
        "",
    ],
)
def test_nobody_is_sent_to_another_site(browser, somebody, target):
    somebody("alice")
    assert same_site_path(target) is None
    assert browser.login("alice", next=target).location == "/"


def test_paths_of_this_site_are_kept():
    assert same_site_path("/explore?before=9") == "/explore?before=9"


def test_a_new_site_has_nobody_who_could_log_in(app, browser):
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 0
    for name in ("admin", "root", "microblog"):
        assert browser.login(name, name).status_code == 422
