"""The microblog in this process, served on loopback, with a small community in it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, abort
from sqlalchemy import update
from werkzeug.serving import make_server

from microblog import catalogues, create_app
from microblog.database import db
from microblog.jobs import worker
from microblog.jobs.models import Job
from microblog.mail.settings import MailSettings
from microblog.settings import Settings
from tests.e2e.story import Story

POSTS_PER_PAGE = 5


@dataclass(frozen=True)
class Community:
    """Where it is, and what there is to look at."""

    app: Flask
    address: str
    story: Story

    @contextmanager
    def without_mail(self) -> Iterator[None]:
        """While this site sends no mail."""
        mail, self.app.config["MAIL"] = self.app.config["MAIL"], None
        try:
            yield
        finally:
            self.app.config["MAIL"] = mail

    def change_job(self, **columns: object) -> None:
        """Have the exports be in some state."""
        with self.app.app_context():
            db.session.execute(update(Job).values(**columns))
            db.session.commit()

    def work(self) -> None:
        """Do what waits in the queue."""
        with self.app.app_context():
            worker.work_off()


@contextmanager
def community(folder: Path) -> Iterator[Community]:
    """One on an SQLite file in the folder, served on loopback."""
    app = made(folder)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.port}"
        yield Community(app, address, Story(app, address))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


def made(folder: Path) -> Flask:
    """The microblog as it is on a site that sends mail, and a page for each error."""
    catalogues.compile_all()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    app = create_app(
        Settings(
            database_url=f"sqlite:///{folder / 'microblog.sqlite3'}",
            secret_key="a key for tests that is long enough",
            posts_per_page=POSTS_PER_PAGE,
            mail=MailSettings("127.0.0.1", 9, "smtp", "microblog@blog.example", "https://blog.example"),
        )
    )
    app.add_url_rule("/raise/<int:code>", "raise", lambda code: abort(code))
    done = app.test_cli_runner().invoke(args=["prepare"])
    assert done.exit_code == 0, done.output
    root.handlers[:], root.level = handlers, level
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return app
