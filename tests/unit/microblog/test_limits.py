"""Guessing is slow for whoever guesses, and never locks the owner out."""

import threading

import pytest
from sqlalchemy import func, select
from werkzeug.exceptions import TooManyRequests

from microblog import limits
from microblog.auth import accounts, passwords
from microblog.database import db
from microblog.limits import Limit
from microblog.models import Allowance
from tests.unit.microblog.conftest import Browser

THREE = Limit(burst=3, seconds=100)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told otherwise."""
    clock = Clock()
    monkeypatch.setattr(limits.time, "time", lambda: clock.seconds)
    return clock


class Clock:
    seconds = 1_800_000_000.5


def tries(amount: int, value: str = "x") -> int:
    """How many of some tries were allowed."""
    allowed = 0
    for _ in range(amount):
        try:
            limits.take("test", value, THREE)
            allowed += 1
        except TooManyRequests:
            pass
    return allowed


def test_a_burst_is_allowed_and_then_one_at_a_time(app, clock):
    with app.app_context():
        assert tries(5) == 3
        clock.seconds += 99
        assert tries(2) == 0
        clock.seconds += 1
        assert tries(2) == 1
        clock.seconds += 1000
        assert tries(5) == 3


def test_who_is_refused_hears_when_to_come_back(app, clock):
    with app.app_context():
        tries(3)
        clock.seconds += 40
        with pytest.raises(TooManyRequests) as refused:
            limits.take("test", "x", THREE)
        assert refused.value.retry_after == 60


def test_counts_are_apart_and_can_be_forgotten(app, clock):
    with app.app_context():
        assert (tries(3), tries(3, "y")) == (3, 3)
        limits.forget("test", "x")
        assert (tries(3), tries(3, "y")) == (3, 0)


def test_several_workers_count_together(app, clock):
    allowed = []

    def work() -> None:
        with app.app_context():
            allowed.append(tries(3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 3


def test_what_is_over_is_cleared_away(app, clock):
    def amount() -> int:
        return db.session.scalar(select(func.count()).select_from(Allowance))

    with app.app_context():
        tries(1)
        limits.tidy()
        assert amount() == 1
        clock.seconds += 101
        limits.tidy()
        assert amount() == 0


def test_the_table_names_nobody(app, clock):
    with app.app_context():
        tries(1, "alice@example.org")
        (row,) = db.session.scalars(select(Allowance))
        assert "alice" not in row.key


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_ipv6_customer_is_one_visitor(address, network):
    assert limits.network(address) == network


@pytest.fixture
def strangers(app):
    """Gives a browser at a new address each time."""
    numbers = iter(range(1, 250))

    def stranger() -> Browser:
        client = app.test_client()
        client.environ_base["HTTP_X_FORWARDED_FOR"] = f"198.51.100.{next(numbers)}"
        return Browser(client)

    return stranger


@pytest.mark.parametrize("identity", ["alice", "nobody_of_that_name"])
def test_an_account_cannot_be_guessed_at_from_many_addresses(somebody, strangers, identity):
    somebody("alice")
    for _ in range(accounts.PASSWORDS.burst):
        assert strangers().login(identity, "guess " * 2).status_code == 422
    refused = strangers().login(identity, "guess " * 2)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= accounts.PASSWORDS.seconds
    assert "Please try again in 10 minutes." in refused.text
    assert 'rel="stylesheet"' in refused.text


def test_the_owner_gets_in_where_they_were_before_while_others_guess(somebody, strangers):
    alice = somebody("alice")
    alice.post("/logout")
    for _ in range(accounts.PASSWORDS.burst + 3):
        strangers().login("alice", "guess " * 2)
    assert strangers().login("alice").status_code == 429
    assert alice.login("alice").status_code == 303


def test_a_known_browser_may_not_guess_for_ever_either(somebody):
    alice = somebody("alice")
    alice.post("/logout")
    for _ in range(accounts.PASSWORDS.burst):
        assert alice.login("alice", "guess " * 2).status_code == 422
    assert alice.login("alice").status_code == 429


def test_the_mark_of_a_browser_is_for_its_own_people_only(somebody, strangers):
    somebody("alice")
    mallory = somebody("mallory")
    mallory.post("/logout")
    for _ in range(accounts.PASSWORDS.burst):
        strangers().login("alice", "guess " * 2)
    assert mallory.login("alice", "guess " * 2).status_code == 429
    mallory.client.set_cookie("browser", "eyIxIjoieCJ9.forged")
    assert mallory.login("alice", "guess " * 2).status_code == 429


def test_typing_errors_are_forgiven_at_the_right_password(somebody, strangers):
    somebody("alice")
    for _ in range(3):
        for _ in range(accounts.PASSWORDS.burst - 1):
            strangers().login("alice", "typing error")
        assert strangers().login("alice").status_code == 303


def test_one_address_cannot_guess_at_many_accounts(browser, monkeypatch):
    monkeypatch.setattr(accounts, "LOGINS_FROM_A_NETWORK", Limit(burst=4, seconds=100))
    answers = [browser.login(f"person_{n}", "guess " * 2).status_code for n in range(5)]
    assert answers == [422] * 4 + [429]


def test_one_address_cannot_make_accounts_without_end(app, monkeypatch):
    monkeypatch.setattr("microblog.auth.views.REGISTRATIONS_FROM_A_NETWORK", Limit(burst=2, seconds=100))
    answers = [Browser(app.test_client()).register(f"person_{n}").status_code for n in range(3)]
    assert answers == [303, 303, 429]


def test_a_refused_try_costs_no_hash(somebody, strangers, monkeypatch):
    somebody("alice")
    for _ in range(accounts.PASSWORDS.burst):
        strangers().login("alice", "guess " * 2)
    # All places taken: whoever came as far as hashing would be told to come back in 5 seconds.
    held = [passwords._places.acquire() for _ in range(passwords.AT_A_TIME + passwords.MOST_WAITING)]
    try:
        assert int(strangers().login("alice").headers["Retry-After"]) > passwords.PATIENCE_SECONDS
    finally:
        for _ in held:
            passwords._places.release()


def test_only_a_few_wait_for_a_hash_so_that_pages_still_have_threads(browser, somebody):
    somebody("alice")
    held = [passwords._places.acquire() for _ in range(passwords.AT_A_TIME + passwords.MOST_WAITING)]
    try:
        response = browser.login("alice")
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "5"
        assert browser.get("/explore").status_code == 200
    finally:
        for _ in held:
            passwords._places.release()
    assert browser.login("alice").status_code == 303


@pytest.mark.parametrize("path", ["/account/password", "/account/email", "/account/delete"])
def test_a_borrowed_browser_cannot_guess_the_password(somebody, path):
    alice = somebody("alice")
    form = {"current": "guess guess", "password": "another horse", "email": "new@example.org"}
    answers = [alice.post(path, form).status_code for _ in range(accounts.PASSWORDS.burst + 1)]
    assert answers == [422] * accounts.PASSWORDS.burst + [429]
