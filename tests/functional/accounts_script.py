"""In the microblog's image, against MariaDB: the whole life of an account, and a limit under contention."""

import json
import re
import sys
import threading
from dataclasses import replace
from os import environ

from mailbox_server import listening
from werkzeug.exceptions import TooManyRequests

from microblog import create_app, limits
from microblog.limits import Limit
from microblog.mail import courier
from microblog.mail.settings import MailSettings
from microblog.settings import Settings

ADA = "ada@example.org"
FIRST, SECOND = "correct horse battery", "a new horse every day"


def main() -> None:
    with listening() as mailbox:
        mail = MailSettings("127.0.0.1", mailbox.port, "smtp", "m@blog.example", "https://blog.example")
        app = create_app(replace(Settings.from_environment(environ), mail=mail))
        done: dict[str, object] = {}

        def post(client, path: str, **form: str) -> str:
            token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/language").text)[1]
            answer = client.post(path, data={"csrf_token": token, **form})
            return answer.location or str(answer.status_code)

        def deliver() -> str:
            with app.app_context():
                courier.send_due()
            return mailbox.token(ADA)

        ada, phone = app.test_client(), app.test_client()
        done["register"] = post(ada, "/register", username="Ada", email=ADA, password=FIRST)
        done["confirm"] = post(ada, "/register/confirm", token=deliver())
        done["login"] = post(phone, "/login", identity="ada", password=FIRST)
        done["forgotten"] = post(phone, "/password/forgotten", email=ADA)
        done["reset"] = post(phone, "/password/new", token=deliver(), password=SECOND)
        done["ended"] = ada.get("/account").status_code
        done["old"] = post(phone, "/login", identity="ada", password=FIRST)
        done["new"] = post(phone, "/login", identity="ada", password=SECOND)
        done["odd"] = post(app.test_client(), "/login", identity="a\0🌱" * 90, password="x")
        done["allowed"] = contend(app)
        done["leave"] = post(phone, "/account/delete", current=SECOND)
        json.dump(done, sys.stdout)


def contend(app) -> int:
    allowed = []

    def work() -> None:
        with app.app_context():
            for _ in range(5):
                try:
                    limits.take("test", "x", Limit(burst=7, seconds=1000))
                    allowed.append(1)
                except TooManyRequests:
                    pass

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(allowed)


main()
