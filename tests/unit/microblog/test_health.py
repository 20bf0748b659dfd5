"""Alive, ready, measured."""

import socket
import threading
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from microblog import create_app, probe
from microblog.database import Schema, db, read_schema, why_not_ready
from microblog.settings import Settings

KEY = "a key for tests that is long enough"


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def change_schema(app: Flask, statement: str) -> None:
    with app.app_context():
        db.session.execute(text(statement))
        db.session.commit()


def test_alive_touches_nothing(client, store):
    with store.statements() as sent:
        response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "alive"})
    assert sent == []


def test_ready_means_the_newest_schema(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json == {"status": "ready", "schema": read_schema().head}


def test_an_older_schema_is_not_ready(app):
    change_schema(app, "UPDATE alembic_version SET version_num = 'a1'")
    with app.app_context():
        reason = why_not_ready(Schema("b2", frozenset({"a1", "b2"})))
    assert reason == "The database schema is at a1, this code needs b2."


def test_the_schema_of_a_later_release_is_ready(app, client):
    change_schema(app, "UPDATE alembic_version SET version_num = 'later'")
    assert client.get("/readyz").status_code == 200


def test_an_empty_database_is_not_ready(app, client):
    change_schema(app, "DROP TABLE alembic_version")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["reason"] == "The database is empty: run `flask --app microblog prepare`."


def test_a_database_that_does_not_answer_is_not_ready_but_alive():
    app = create_app(Settings(database_url="sqlite:////nowhere/at/all.sqlite3", secret_key=KEY))
    client = app.test_client()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["reason"] == "The database does not answer: unable to open database file"
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_no_cache_keeps_an_answer_and_no_session_begins(client, path):
    response = client.get(path)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers


def test_metrics_are_in_the_text_format(client):
    response = client.get("/metrics")
    assert response.mimetype == "text/plain"
    families = {family.name for family in text_string_to_metric_families(response.text)}
    assert {
        "microblog_http_requests",
        "microblog_http_request_duration_seconds",
        "microblog_http_requests_in_progress",
        "microblog_workers",
        "microblog_worker_threads",
        "microblog_logins",
        "microblog_registrations",
        "microblog_posts_created",
        "microblog_build_info",
        "microblog_database_pool_connections",
    } <= families
    assert 'microblog_build_info{revision="abc1234",version=' in response.text


def test_requests_are_counted_and_timed_by_endpoint(client, somebody):
    somebody("alice")
    labels = {"method": "GET", "endpoint": "people.profile"}
    counted = value("microblog_http_requests_total", status="200", **labels)
    timed = value("microblog_http_request_duration_seconds_count", **labels)
    client.get("/people/alice")
    assert value("microblog_http_requests_total", status="200", **labels) == counted + 1
    assert value("microblog_http_request_duration_seconds_count", **labels) == timed + 1


def test_strange_paths_and_methods_share_one_series(client):
    labels = {"method": "other", "endpoint": "unmatched"}
    before = value("microblog_http_requests_total", status="404", **labels)
    client.open("/no/such/page", method="BREW")
    client.open("/another", method="X" * 50)
    assert value("microblog_http_requests_total", status="404", **labels) == before + 2


def test_probes_are_not_counted(client):
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)
    assert "health." not in client.get("/metrics").text


def test_errors_begin_at_zero(client):
    assert 'microblog_http_requests_total{endpoint="posts.home",method="GET",status="500"} ' in (
        client.get("/metrics").text
    )
    assert (
        REGISTRY.get_sample_value(
            "microblog_http_requests_total", {"endpoint": "posts.create", "method": "POST", "status": "503"}
        )
        is not None
    )


def test_what_people_do_is_counted(somebody, browser):
    names = ("microblog_registrations_total", "microblog_posts_created_total")
    before = [value(name) for name in names]
    success, failure = (value("microblog_logins_total", outcome=o) for o in ("success", "failure"))
    somebody("alice").write("hello")
    browser.login("alice", "wrong password")
    browser.login("alice")
    assert [value(name) for name in names] == [number + 1 for number in before]
    assert value("microblog_logins_total", outcome="success") == success + 1
    assert value("microblog_logins_total", outcome="failure") == failure + 1


def test_nothing_is_in_progress_when_nothing_happens(app, client):
    @app.get("/look")
    def look() -> str:
        return str(value("microblog_http_requests_in_progress"))

    idle = value("microblog_http_requests_in_progress")
    assert float(client.get("/look").text) == idle + 1
    client.get("/no/such/page")
    client.post("/login")
    assert value("microblog_http_requests_in_progress") == idle


def test_connections_in_use_go_back_to_zero(client, somebody):
    alice = somebody("alice")
    in_use = value("microblog_database_pool_connections", state="in_use")
    alice.get("/")
    assert value("microblog_database_pool_connections", state="in_use") == in_use
    assert value("microblog_database_pool_connections", state="size") > 0


def answer(status_line: str) -> tuple[socket.socket, int]:
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(f"{status_line}\r\nContent-Type: text/plain\r\n\r\nthe reason".encode())

    threading.Thread(target=serve).start()
    return server, server.getsockname()[1]


@pytest.mark.parametrize(("status", "code"), [("HTTP/1.1 200 OK", 0), ("HTTP/1.1 503 Not 200 OK", 1)])
def test_the_probe_exits_with_what_the_container_says(status, code, capsys):
    server, port = answer(status)
    with server:
        assert probe.main(port) == code
    assert capsys.readouterr().out == "the reason\n"


def test_the_probe_fails_where_nobody_listens(capsys):
    # Who has the port without listening refuses every connection, and nobody else gets it.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        assert probe.main(deaf.getsockname()[1]) == 1
    assert "refused" in capsys.readouterr().out


def test_the_probe_imports_neither_the_application_nor_a_package():
    source = Path(probe.__file__).read_text()
    imports = {line for line in source.splitlines() if line.startswith(("import", "from"))}
    assert imports == {"import socket", "import sys"}
