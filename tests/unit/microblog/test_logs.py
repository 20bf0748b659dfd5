"""The log: one JSON object a line."""

import json
import logging
import sys

import pytest

from microblog import logs


def lines(capsys) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line(client, capsys):
    client.get(
        "/explore?before=9",
        headers={"X-Request-ID": "abcd-1234", "X-Forwarded-For": "198.51.100.99, 198.51.100.7"},
    )
    (line,) = [line for line in lines(capsys) if line["logger"] == "microblog.access"]
    assert line.pop("duration_ms") > 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "microblog.access",
        "message": "GET /explore 200",
        "request_id": "abcd-1234",
        "method": "GET",
        "path": "/explore",
        "status": 200,
        "remote_address": "198.51.100.7",  # only what the one proxy in front added
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_leave_no_line(client, capsys, path):
    client.get(path)
    assert lines(capsys) == []


def test_nothing_breaks_a_line(client, capsys):
    client.get("/a%0Ab%00%22c")
    (line,) = lines(capsys)
    assert line["path"] == '/a\nb\0"c'


def test_passwords_stay_out_of_the_log(browser, capsys):
    browser.register("alice", password="my own secret")
    browser.login("alice", "my own secret")
    assert "my own secret" not in capsys.readouterr().out


def test_an_exception_stays_on_its_line():
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "It %s", ("failed",), sys.exc_info())
    text = logs.JsonLines().format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert line["message"] == "It failed"
    assert "ValueError: broken" in line["traceback"]


def test_setting_up_twice_logs_once(capsys):
    logs.write_json_lines()
    logs.write_json_lines()
    logging.getLogger("anything").info("once")
    assert [line["message"] for line in lines(capsys)] == ["once"]
