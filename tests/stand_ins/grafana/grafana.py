#!/usr/bin/python3
"""Stands in for Grafana in tests: provisions, answers /api/health, /metrics and a few authenticated paths."""

import base64
import hashlib
import hmac
import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml


def main():
    settings = os.environ
    user = settings.get("GF_SECURITY_ADMIN_USER", "admin")
    port = int(settings.get("GF_SERVER_HTTP_PORT", "3000"))
    password_digest = admin_password_digest(Path(settings["GF_PATHS_DATA"]))
    provisioning = Path(settings["GF_PATHS_PROVISIONING"])
    Answer.datasources = datasources(provisioning)
    Answer.dashboards = dashboards(provisioning)
    home = settings.get("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH")
    if home:
        json.loads(Path(home).read_text())
    Answer.authorized = lambda _, header: is_admin(header, user, password_digest)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(
        f"listening on {port}: {len(Answer.datasources)} datasources, {len(Answer.dashboards)} dashboards",
        flush=True,
    )
    ThreadingHTTPServer(("", port), Answer).serve_forever()


def admin_password_digest(data):
    """The password counts when the data folder is new, and never again: so it is in Grafana's database."""
    password = os.environ.get("GF_SECURITY_ADMIN_PASSWORD", "")
    if password in ("", "admin"):
        sys.exit("refused: the admin password is empty or the default one")
    database = data / "grafana.db"
    if not database.exists():
        database.write_text(digest(password))
    return database.read_text()


def datasources(provisioning):
    files = sorted((provisioning / "datasources").iterdir())
    return [source for file in files for source in yaml.safe_load(file.read_text())["datasources"]]


def dashboards(provisioning):
    files = sorted((provisioning / "dashboards").iterdir())
    providers = [provider for file in files for provider in yaml.safe_load(file.read_text())["providers"]]
    folders = [Path(provider["options"]["path"]) for provider in providers]
    return [json.loads(file.read_text()) for folder in folders for file in sorted(folder.iterdir())]


def is_admin(header, user, password_digest):
    if not header.startswith("Basic "):
        return False
    given_user, _, given_password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return given_user == user and hmac.compare_digest(digest(given_password), password_digest)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Answer(BaseHTTPRequestHandler):
    datasources = ()
    dashboards = ()

    def do_GET(self):
        if self.path == "/api/health":
            self.say(200, {"database": "ok", "version": "stand-in"})
        elif self.path == "/metrics":
            self.say(200, 'grafana_build_info{version="stand-in"} 1\n', "text/plain; version=0.0.4")
        elif not self.authorized(self.headers.get("Authorization", "")):
            self.say(401, {"message": "Invalid username or password"})
        else:
            self.for_the_admin()

    def for_the_admin(self):
        if self.path in ("/api/user", "/api/login-check"):
            self.say(200, {"isGrafanaAdmin": True})
        elif self.path == "/api/datasources":
            self.say(200, self.datasources)
        elif self.path.startswith("/api/search"):
            self.say(200, [{"uid": board["uid"], "title": board["title"]} for board in self.dashboards])
        else:
            self.say(404, {"message": "Not found"})

    def say(self, status, body, content_type="application/json"):
        payload = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        """Silent: a health check every ten seconds is no news."""


if __name__ == "__main__":
    main()
