"""The stand-in's controller: refuses the configurations that Jenkins refuses, and answers on port 8080.

It knows of Configuration as Code only what this project uses: files, variables, users, SSH credentials.
"""

import base64
import hmac
import os
import re
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import yaml

PORT = 8080
ROOTS = {
    "appearance",
    "configuration-as-code",
    "credentials",
    "items",
    "jenkins",
    "jobs",
    "security",
    "tool",
    "unclassified",
}
VARIABLE = re.compile(r"(?<!\^)\$\{(?P<expression>[^}]*)\}")
WHOLE_KEY = re.compile(r"-----BEGIN [A-Z ]+-----\n.+-----\n", re.DOTALL)
JOB_SETTING = re.compile(r"(?<!\w)setting\('(?P<name>\w+)'\)")
METRICS = """\
# TYPE default_jenkins_up gauge
default_jenkins_up 1.0
# TYPE default_jenkins_executors_defined gauge
default_jenkins_executors_defined{label="docker",} 1.0
# TYPE jenkins_queue_size_value gauge
jenkins_queue_size_value 0.0
# TYPE jenkins_node_online_value gauge
jenkins_node_online_value 1.0
"""


def main() -> None:
    configuration: dict[str, Any] = {}
    for path in configuration_files(os.environ["CASC_JENKINS_CONFIG"]):
        merge(configuration, yaml.safe_load(path.read_text()) or {}, where=str(path))
    for root in configuration:
        if root not in ROOTS and not root.startswith("x-"):
            refuse(f"no configurator for the root element {root}")
    configuration = resolved(configuration)
    passwords = users(configuration)
    check_keys(configuration)
    check_jobs(configuration)
    Controller.passwords = passwords
    Controller.metrics_guarded = metrics_need_a_user(configuration)
    print("Jenkins is fully up and running", flush=True)
    ThreadingHTTPServer(("", PORT), Controller).serve_forever()


def configuration_files(sources: str) -> Iterator[Path]:
    for source in map(Path, sources.split(",")):
        if not source.exists():
            refuse(f"the configuration {source} does not exist")
        files = [source] if source.is_file() else sorted(source.rglob("*"))
        yield from (file for file in files if file.suffix in {".yaml", ".yml"})


def merge(into: dict[str, Any], more: dict[str, Any], where: str) -> None:
    for key, value in more.items():
        if key not in into:
            into[key] = value
        elif isinstance(value, dict) and isinstance(into[key], dict):
            merge(into[key], value, where)
        else:
            refuse(f"{where}: {key} is already set by another file")


def resolved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: resolved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item) for item in value]
    if isinstance(value, str):
        return VARIABLE.sub(lambda match: variable(match["expression"]), value)
    return value


def variable(expression: str) -> str:
    """Docker secret (trimmed), then environment, then the default; a file comes as it is."""
    if expression.startswith("readFile:"):
        return read(Path(expression.removeprefix("readFile:")))
    name, has_default, default = expression.partition(":-")
    secret = Path(os.environ.get("SECRETS", "/run/secrets")) / name
    if secret.is_file():
        return read(secret).strip()
    if name in os.environ:
        return os.environ[name]
    if not has_default and os.environ.get("CASC_STRICT_SECRET_RESOLUTION") == "true":
        refuse(f"the variable {name} is neither a secret nor a setting")
    return default


def read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        refuse(f"cannot read {path}: {error.strerror}")


def users(configuration: dict[str, Any]) -> dict[str, str]:
    local = configuration["jenkins"]["securityRealm"]["local"]
    passwords = {user["id"]: user["password"] for user in local["users"]}
    for name, password in passwords.items():
        if not password:
            refuse(f"the password of the user {name} is empty")
    return passwords


def check_keys(configuration: dict[str, Any]) -> None:
    domains = configuration.get("credentials", {}).get("system", {}).get("domainCredentials", [])
    for credential in (item for domain in domains for item in domain["credentials"]):
        for details in credential.values():
            key = details.get("privateKeySource", {}).get("directEntry", {}).get("privateKey")
            if key is not None and not WHOLE_KEY.fullmatch(key):
                refuse(f"the private key of {details['id']} is not whole, last newline included")


def check_jobs(configuration: dict[str, Any]) -> None:
    for job in configuration.get("jobs", []):
        for match in JOB_SETTING.finditer(read(Path(job["file"]))):
            if not os.environ.get(match["name"]):
                refuse(f"{job['file']}: the setting {match['name']} is missing or empty")


def metrics_need_a_user(configuration: dict[str, Any]) -> bool:
    plugin = configuration.get("unclassified", {}).get("prometheusConfiguration", {})
    return bool(plugin.get("useAuthenticatedEndpoint", False))


class Controller(BaseHTTPRequestHandler):
    passwords: ClassVar[dict[str, str]]
    metrics_guarded: ClassVar[bool]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        user = self.user()
        if user == "":
            self.answer(401, "Invalid password/token\n")
        elif path == "/login":
            self.answer(200, "<title>Sign in - Jenkins</title>\n")
        elif path == "/prometheus/" and (user or not self.metrics_guarded):
            self.answer(200, METRICS, "text/plain")
        elif path == "/" and user == "admin":
            self.answer(200, "<title>Dashboard - Jenkins</title>\n")
        else:
            self.answer(403, "Authentication required\n")

    def user(self) -> str | None:
        """Who asks; None without credentials, empty with wrong ones."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        name, _, password = base64.b64decode(token).decode().partition(":")
        known = hmac.compare_digest(self.passwords.get(name, "").encode(), password.encode())
        return name if known and name in self.passwords else ""

    def answer(self, status: int, text: str, kind: str = "text/html") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Jenkins", "stand-in")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """The real one writes no access log."""


def refuse(reason: str) -> Any:
    """A configuration error keeps Jenkins from starting."""
    sys.exit(f"ConfiguratorException: {reason}")


main()
