"""In the microblog's image, against MariaDB: every operation of the API, and tokens asked for at once."""

import json
import sys
import threading
from os import environ

from microblog import create_app
from microblog.api.operations import OPERATIONS, PREFIX, Operation
from microblog.auth import accounts, api_tokens, passwords
from microblog.database import db
from microblog.models import User
from microblog.settings import Settings

PASSWORD = "correct horse battery"
BODIES = {
    "NewPost": {"body": "Hello 🌱 @ada #Grün"},
    "NewToken": {"name": "another"},
    "ProfileChange": {"about": "Writes programs é."},
}


def main() -> None:
    app = create_app(Settings.from_environment(environ))
    with app.app_context():
        for name in ("Ada", "Bob"):
            accounts.create(name, f"{name}@example.org", passwords.hashed(PASSWORD))
    client = app.test_client()
    made = client.post(
        f"{PREFIX}/tokens", json={"name": "t", "scopes": ["read", "write"]}, auth=("ada", PASSWORD)
    )
    token = {"Authorization": f"Bearer {made.json['token']}"}
    post = client.post(f"{PREFIX}/posts", json=BODIES["NewPost"], headers=token).json
    with app.app_context():
        bob = api_tokens.issue(db.session.get(User, 2), "bob", ["read", "write"], 1)[1]
    other = client.post(
        f"{PREFIX}/posts", json={"body": "hi @ada #grün"}, headers={"Authorization": f"Bearer {bob}"}
    ).json
    places = {"username": "bob", "post_id": other["id"], "token_id": 999, "tag": "grün"}
    codes = {}
    for one in sorted(OPERATIONS, key=turn):
        path = PREFIX + one.path.format(**places)
        credentials = {"auth": ("ada", PASSWORD)} if one.basic else {"headers": token}
        answer = client.open(path, method=one.method, json=BODIES.get(one.body or ""), **credentials)
        codes[f"{one.method} {one.path}"] = answer.status_code
    told = {"post": post["body"], "tags": post["tags"], "codes": codes, "issued": contend(app)}
    json.dump(told, sys.stdout)


def turn(one: Operation) -> int:
    """Blocks end before anything else of Bob's is needed again, and the token is revoked at the very end."""
    hides = one.path.endswith(("/block", "/mute"))
    if one.method == "DELETE":
        return 5 if one.path == "/tokens/current" else 4 - hides
    return 1 + hides


def contend(app) -> int:
    issued = []

    def work() -> None:
        with app.app_context():
            user = db.session.get(User, 2)
            for _ in range(12):
                if api_tokens.issue(user, "many", ["read"], 1):
                    issued.append(1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(issued)


main()
