"""One's own account: password, address, leaving; on a site without mail."""

import pytest
from sqlalchemy import func, select

from microblog.database import db
from microblog.models import Base, User
from tests.unit.microblog.conftest import PASSWORD, Browser

NEW_PASSWORD = "a new horse every day"
FORMS = ["/account/password", "/account/email", "/account/delete"]
ENDINGS = ["/account/logins/1/end", "/account/logins/end-others", "/account/logins/end-all"]


@pytest.mark.parametrize("path", ["/account", *FORMS])
def test_the_pages_are_for_people_who_are_logged_in(browser, somebody, path):
    assert browser.get(path).location == f"/login?next={path}"
    assert somebody("alice").get(path).status_code == 200


@pytest.mark.parametrize(
    "path", [*FORMS, *ENDINGS, "/password/forgotten", "/password/new", "/register/confirm"]
)
def test_every_form_demands_a_token(somebody, path):
    assert somebody("alice").client.post(path, data={"current": PASSWORD}).status_code == 400


@pytest.mark.parametrize("path", ENDINGS)
def test_nothing_is_ended_by_following_a_link(somebody, path):
    assert somebody("alice").get(path).status_code == 405


def test_the_password_is_changed_and_other_browsers_are_out(app, somebody):
    alice, phone = somebody("alice"), Browser(app.test_client())
    phone.login("alice")
    answer = alice.post("/account/password", {"current": PASSWORD, "password": NEW_PASSWORD})
    assert answer.location == "/account"
    assert "Your password is changed." in alice.get("/account").text
    assert phone.get("/account").status_code == 303
    assert phone.login("alice").status_code == 422
    assert phone.login("alice", NEW_PASSWORD).status_code == 303


def test_without_the_old_password_nothing_changes(somebody):
    alice = somebody("alice")
    answer = alice.post("/account/password", {"current": "not it", "password": NEW_PASSWORD})
    assert answer.status_code == 422
    assert "This is not your password." in answer.text
    alice.post("/logout")
    assert alice.login("alice").status_code == 303


@pytest.mark.parametrize(
    "password", ["", "short", "p" * 129, "password", "PassWord1", "1234567890", "iloveyou"]
)
def test_a_bad_new_password_is_refused(somebody, browser, password):
    answer = somebody("alice").post("/account/password", {"current": PASSWORD, "password": password})
    assert answer.status_code == 422
    assert browser.register("bob", password=password).status_code == 422


@pytest.mark.parametrize(
    "password", ["        x", "ñandú ñandú", "🌱" * 64, "x'; DROP TABLE user; --", " spaces kept "]
)
def test_a_password_may_be_of_anything_and_counts_as_it_is(browser, password):
    assert browser.register("alice", password=password).status_code == 303
    browser.post("/logout")
    assert browser.login("alice", password.swapcase() + "x").status_code == 422
    assert browser.login("alice", password).status_code == 303


def test_the_address_is_changed(somebody, browser):
    alice = somebody("alice")
    answer = alice.post("/account/email", {"email": "New@Example.org", "current": PASSWORD})
    assert answer.location == "/account"
    assert "new@example.org" in alice.get("/account").text
    assert browser.login("new@example.org").status_code == 303


@pytest.mark.parametrize(
    ("email", "current", "text"),
    [
        ("bob@example.org", PASSWORD, "There is an account with this address already."),
        ("new@example.org", "wrong", "This is not your password."),
        ("nobody", PASSWORD, "This is not an e-mail address."),
        ("a,b@example.org", PASSWORD, "This is not an e-mail address."),
        ("<a@example.org>", PASSWORD, "This is not an e-mail address."),
        ("a@example.org\nBcc: b@example.org", PASSWORD, "This is not an e-mail address."),
        ("a\0@example.org", PASSWORD, "This is not an e-mail address."),
        ("a" * 300 + "@example.org", PASSWORD, "This address is too long."),
    ],
)
def test_another_address_is_refused(somebody, store, email, current, text):
    somebody("bob")
    answer = somebody("alice").post("/account/email", {"email": email, "current": current})
    assert answer.status_code == 422
    assert text in answer.text
    assert store.user("alice").email == "alice@example.org"


def test_no_other_column_is_taken_from_a_form(somebody, store):
    form = {
        "email": "new@example.org",
        "current": PASSWORD,
        "username": "root",
        "id": "99",
        "post_count": "7",
    }
    somebody("alice").post("/account/email", form)
    user = store.user("alice")
    assert (user.username, user.post_count, user.email) == ("alice", 0, "new@example.org")


def test_leaving_takes_everything_along_and_leaves_other_counts_right(app, somebody, store, browser):
    alice, bob, carol = somebody("alice"), somebody("bob"), somebody("carol")
    alice.write("a post of mine")
    alice.post("/people/bob/follow")
    bob.post("/people/alice/follow")
    carol.post("/people/bob/follow")
    before = set(rows_of(app, store.user("alice").id))
    assert {"post", "follow", "sign_in"} <= before
    number = store.user("alice").id
    assert alice.post("/account/delete", {"current": PASSWORD}).location == "/explore"
    assert "Your account is deleted." in alice.get("/explore").text
    assert rows_of(app, number) == []
    assert browser.get("/people/alice").status_code == 404
    assert "a post of mine" not in browser.get("/explore").text
    assert alice.login("alice").status_code == 422
    bob_now = store.user("bob")
    assert (bob_now.follower_count, bob_now.following_count) == (1, 0)
    assert store.user("carol").following_count == 1


def rows_of(app, user_id: int) -> list[str]:
    """The tables in which a row refers to a person, or is them."""
    found = []
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            columns = [key.parent for key in table.foreign_keys if key.column.table is User.__table__]
            columns += [table.c.id] if table is User.__table__ else []
            for column in columns:
                if db.session.scalar(select(func.count()).where(column == user_id)):
                    found.append(table.name)
    return found


def test_leaving_needs_the_password(somebody, store):
    alice = somebody("alice")
    assert alice.post("/account/delete", {"current": "wrong"}).status_code == 422
    assert alice.post("/account/delete").status_code == 422
    assert store.user("alice").id


def test_a_deleted_persons_other_browsers_are_strangers(app, somebody):
    alice, phone = somebody("alice"), Browser(app.test_client())
    phone.login("alice")
    alice.post("/account/delete", {"current": PASSWORD})
    assert phone.get("/account").status_code == 303
    assert phone.write("still here?").location == "/login"


def test_without_mail_the_page_says_so(browser):
    answer = browser.get("/password/forgotten")
    assert answer.status_code == 200
    assert "This site sends no mail." in answer.text
    assert browser.post("/password/forgotten", {"email": "a@example.org"}).status_code == 200


def test_who_runs_the_site_makes_a_link_that_works_once(app, somebody, browser):
    alice = somebody("alice")
    result = app.test_cli_runner().invoke(args=["reset-link", "Alice"])
    path, token = result.output.strip().split("?token=")
    assert browser.page(f"{path}?token={token}").find("h1").text == "Choose a new password"
    assert browser.post(path, {"token": token, "password": NEW_PASSWORD}).location == "/login"
    assert alice.get("/account").status_code == 303
    assert browser.post(path, {"token": token, "password": NEW_PASSWORD}).status_code == 410
    assert browser.login("alice", NEW_PASSWORD).status_code == 303


def test_there_is_no_link_for_nobody(app):
    result = app.test_cli_runner().invoke(args=["reset-link", "nobody"])
    assert result.exit_code == 1
    assert "There is nobody called nobody." in result.output


@pytest.mark.parametrize("path", ["/account/password", "/account/email", "/account/delete"])
def test_password_managers_know_whose_password_it_is(somebody, path):
    page = somebody("alice").page(path)
    assert page.select_one("[autocomplete=username]")["value"] == "alice"
    assert page.select_one("[autocomplete=current-password]")["type"] == "password"


@pytest.mark.parametrize(
    "identity", ["", "a/b", "<b>", "x" * 300, "a\0b", "@", "'\" OR 1=1 --", "ñ" * 300, "🌱@x"]
)
def test_strange_identities_are_just_wrong(browser, identity):
    assert browser.login(identity, "some password").status_code == 422


@pytest.mark.parametrize("password", ["\0", "x" * 50_000, "\ud83d".encode("utf-8", "surrogatepass"), "%"])
def test_strange_passwords_are_just_wrong(somebody, browser, password):
    somebody("alice")
    assert browser.login("alice", password).status_code == 422


@pytest.mark.parametrize("username", ["a/b", "<script>", "x" * 300, "a\0b", "../etc", "", "a b", "%2e%2e"])
def test_strange_names_make_no_account(app, browser, username):
    answer = browser.post(
        "/register", {"username": username, "email": "a@example.org", "password": "correct horse battery"}
    )
    assert answer.status_code == 422
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 0
