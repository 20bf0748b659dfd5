"""Every curl in the document about the API does what it says."""

import argparse
import base64
import re
import shlex
from pathlib import Path

from microblog.api.caller import rate, writing_limit
from microblog.api.schemas import LONGEST_TOKEN_DAYS, TOKEN_DAYS
from microblog.auth.api_tokens import MOST_TOKENS, PREFIX
from tests.unit.microblog.program import Program, program

TEXT = (Path(__file__).parents[3] / "docs/api.md").read_text()
COMMANDS = re.findall(r"^    (curl .+)$", TEXT, re.MULTILINE)
PASSWORD = "correct-horse-battery"


def test_every_command_of_the_document_works(app, somebody, browser):
    somebody("bob")
    assert browser.register("ada", PASSWORD).status_code == 303
    fresh = Program(app.test_client())
    assert len(COMMANDS) > 8
    secret = ""
    for command in COMMANDS:
        response = run(fresh, command, secret)
        assert response.status_code in {200, 201, 204}, (command, response.text)
        secret = (response.json or {}).get("token", secret) if response.data else secret
    assert Program(app.test_client(), secret).get("/me").status_code == 401, "the last one revokes the token"


def run(who: Program, command: str, secret: str):
    """What curl would send, sent to the application."""
    curl = argparse.ArgumentParser()
    curl.add_argument("-X", dest="method")
    curl.add_argument("-H", dest="headers", action="append", default=[])
    curl.add_argument("-d", dest="data")
    curl.add_argument("-u", dest="user")
    curl.add_argument("path")
    asked = curl.parse_args(shlex.split(command.replace("$BLOG", "").replace("$TOKEN", secret))[1:])
    headers = dict(header.split(": ", 1) for header in asked.headers)
    if asked.user:
        headers["Authorization"] = f"Basic {base64.b64encode(asked.user.encode()).decode()}"
    method = asked.method or ("POST" if asked.data else "GET")
    return who.send(method, asked.path, headers=headers, data=asked.data)


def test_the_limits_of_the_document_are_those_of_the_program(app):
    with app.app_context():
        assert f"| {rate().quota} a minute |" in TEXT
        assert f"| {writing_limit(rate()).burst}, then 1 a second |" in TEXT
    assert f"1 to {LONGEST_TOKEN_DAYS} days, {TOKEN_DAYS} if" in TEXT
    assert f"| {MOST_TOKENS} for each person |" in TEXT
    assert f"`{PREFIX}`" in TEXT
    assert program(app, "alice").secret.startswith(PREFIX)
