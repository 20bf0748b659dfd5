"""What people see when something does not work."""

import json
import re

import pytest
from flask import Flask, abort
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from microblog import create_app
from microblog.settings import Settings

KEY = "a key for tests that is long enough"


@pytest.mark.parametrize("code", [400, 403, 404, 405, 413, 429, 500, 503, 418])
def test_every_error_is_a_page_with_the_request_id(app: Flask, client, code):
    app.add_url_rule("/broken", "broken", lambda: abort(code))
    response = client.get("/broken", headers={"X-Request-ID": "abc-123.def"})
    assert response.status_code == code
    assert response.headers["X-Request-ID"] == "abc-123.def"
    assert response.headers["Cache-Control"] == "no-store"
    assert "<code>abc-123.def</code>" in response.text
    assert '<link rel="stylesheet"' in response.text


@pytest.mark.parametrize(
    "offered", ["", "short", "x" * 65, "abc 123 def", "abc\u00e9-123-def", "<script>1</script>"]
)
def test_a_strange_request_id_is_replaced(client, offered):
    response = client.get("/nothing", headers={"X-Request-ID": offered})
    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_a_crash_is_a_page_and_a_traceback_in_the_log(app: Flask, client, capsys):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    response = client.get("/broken", headers={"X-Request-ID": "find-me-in-the-log"})
    assert response.status_code == 500
    assert "Something broke on our side" in response.text
    assert "ZeroDivisionError" not in response.text
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [line for line in lines if "traceback" in line]
    assert "ZeroDivisionError" in line["traceback"]
    assert line["request_id"] == "find-me-in-the-log"


def raising(error: Exception):
    def view() -> str:
        raise error

    return view


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 'secret'", {}, Exception(2013, "Lost connection to server during query")),
        PoolTimeout("QueuePool limit reached"),
    ],
)
def test_without_the_database_people_are_asked_to_try_again(app: Flask, client, capsys, error):
    app.add_url_rule("/broken", "broken", raising(error))
    response = client.get("/broken")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "Please try again in a moment." in response.text
    assert "secret" not in response.text + capsys.readouterr().out


def test_a_refused_statement_is_our_mistake(app: Flask, client):
    app.add_url_rule("/broken", "broken", raising(IntegrityError("INSERT", {}, Exception("no"))))
    assert client.get("/broken").status_code == 500


def test_a_person_sees_the_page_too_when_the_database_is_gone(settings):
    app = create_app(Settings(database_url="sqlite:////nowhere/at/all.sqlite3", secret_key=KEY))
    client = app.test_client()
    with client.session_transaction() as session:
        session["sign_in"] = "x" * 43
    for path in ("/", "/explore", "/people/alice", "/profile/edit"):
        response = client.get(path)
        assert response.status_code == 503, path
        assert "We will be right back" in response.text
    assert client.get("/no/such/page").status_code == 404


def test_what_is_too_large_is_refused(browser):
    response = browser.post("/register", {"username": "x" * 150_000})
    assert response.status_code == 413


def test_a_session_of_somebody_who_is_gone_is_a_stranger(client):
    with client.session_transaction() as session:
        session["sign_in"] = "y" * 43
    assert client.get("/profile/edit").location.startswith("/login")


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain", "x"])
def test_a_body_of_another_type_is_a_bad_request(client, content_type):
    assert client.post("/login", data=b'{"identity": 1}', content_type=content_type).status_code == 400


@pytest.mark.parametrize(
    "path", ["/posts/{}", "/posts/{}/report", "/messages/{}", "/images/1/a-{}.webp", "/api/v1/posts/{}"]
)
def test_a_number_that_takes_a_whole_line_is_nothing_that_there_is(somebody, path):
    assert somebody("alice").get(path.format("9" * 8100)).status_code == 404
