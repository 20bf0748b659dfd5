"""An application on an SQLite file of its own for each test, and browsers that carry tokens along."""

import logging
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from sqlalchemy import delete, event, func, insert, select
from werkzeug.test import TestResponse

from microblog import catalogues, create_app
from microblog.auth import passwords
from microblog.database import db
from microblog.mail import courier
from microblog.mail.settings import MailSettings
from microblog.models import Follow, Post, User
from microblog.pages import Between, Entry, Page
from microblog.posts import timelines
from microblog.settings import Settings
from microblog.ties import DeletedPost
from microblog.times import now
from tests.unit.microblog.mailbox import Mailbox, listening

KEY = "a key for tests that is long enough"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    catalogues.compile_all()


class Browser:
    """What a person does: look at pages, fill in forms."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **kwargs) -> TestResponse:
        return self.client.get(path, buffered=True, **kwargs)

    def page(self, path: str, **kwargs) -> BeautifulSoup:
        response = self.get(path, **kwargs)
        assert response.status_code == 200, response.status
        return BeautifulSoup(response.text, "html.parser")

    def post(self, path: str, data: dict[str, object] | None = None, **kwargs) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)

    def token(self) -> str:
        page = self.client.get("/language").text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        return found[1]

    def register(self, username: str, password: str = PASSWORD, email: str | None = None) -> TestResponse:
        return self.post(
            "/register",
            {"username": username, "email": email or f"{username}@example.org", "password": password},
        )

    def login(self, identity: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        return self.post("/login", {"identity": identity, "password": password, **fields})

    def write(self, body: str) -> TestResponse:
        return self.post("/posts", {"body": body})


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, made once."""
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    app = create_app(Settings(database_url=f"sqlite:///{path}", secret_key=KEY))
    result = app.test_cli_runner().invoke(args=["prepare"])
    assert result.exit_code == 0, result.output
    close(app)
    return path


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> Settings:
    path = tmp_path / "microblog.sqlite3"
    shutil.copy(empty_database, path)
    return Settings(database_url=f"sqlite:///{path}", secret_key=KEY, revision="abc1234", posts_per_page=5)


@pytest.fixture(autouse=True)
def password_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost next to nothing, but where tests are about them."""
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Each application compiles the templates for itself: once for all tests is enough."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings: Settings, compiled_templates: BytecodeCache) -> Iterator[Flask]:
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    with app.app_context():
        # Nothing of a test has to outlive a failure of the power.
        event.listen(
            db.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF")
        )
    yield app
    close(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Somebody who is not logged in."""
    return Browser(app.test_client())


@pytest.fixture
def somebody(app: Flask) -> Callable[[str], Browser]:
    """Gives a browser in which a new person of that name is logged in."""

    def register(username: str) -> Browser:
        browser = Browser(app.test_client())
        assert browser.register(username).status_code == 303
        return browser

    return register


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with listening() as mailbox:
        yield mailbox


@pytest.fixture
def mailing(settings: Settings, mailbox: Mailbox) -> Iterator["Mailing"]:
    """The application on a site that sends mail, to the mailbox."""
    mail = MailSettings(
        "127.0.0.1", mailbox.port, "smtp", "microblog@blog.example", public_url="https://blog.example"
    )
    app = create_app(replace(settings, mail=mail))
    yield Mailing(app, mailbox)
    close(app)


class Mailing:
    """A site that sends mail when it is told to."""

    def __init__(self, app: Flask, mailbox: Mailbox) -> None:
        self.app = app
        self.mailbox = mailbox
        self.store = Store(app)

    def browser(self) -> Browser:
        return Browser(self.app.test_client())

    def deliver(self) -> int:
        with self.app.app_context():
            return courier.send_due()

    def member(self, username: str) -> Browser:
        """A browser in which somebody has registered, followed the link and is logged in."""
        browser = self.browser()
        assert browser.register(username).location == "/mail/sent"
        self.deliver()
        token = self.mailbox.token(f"{username}@example.org")
        assert browser.post("/register/confirm", {"token": token}).location == "/"
        return browser


@pytest.fixture
def store(app: Flask) -> "Store":
    return Store(app)


class Store:
    """Rows put straight into the database, where a form for each would take too long."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def user(self, username: str) -> User:
        with self.app.app_context():
            user = db.session.scalar(select(User).where(User.username_key == username.lower()))
            assert user is not None
            return user

    def add_user(self, username: str, **columns: object) -> int:
        with self.app.app_context():
            user = User(
                username=username,
                username_key=username.lower(),
                email=f"{username}@example.org",
                password_hash="none",
                **columns,
            )
            db.session.add(user)
            db.session.commit()
            return user.id

    def add_posts(self, user_id: int, amount: int) -> list[int]:
        if not amount:
            return []
        with self.app.app_context():
            rows = [{"user_id": user_id, "body": f"post {n}", "created_at": now()} for n in range(amount)]
            ids = list(db.session.scalars(insert(Post).returning(Post.id), rows))
            db.session.get(User, user_id).post_count += amount
            db.session.commit()
            return ids

    def add_follow(self, follower_id: int, followed_id: int) -> None:
        with self.app.app_context():
            db.session.add(Follow(follower_id=follower_id, followed_id=followed_id, created_at=now()))
            db.session.commit()

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL statements sent while the block runs."""
        sent: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            sent.append(statement)

        with self.app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """The application sets up the root logger of its process; a test shares its process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


def elsewhere(app: Flask, work: Callable[[], object]) -> None:
    """Do something as another request does that comes in the middle of one."""

    def do() -> None:
        with app.app_context():
            work()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(do).result()


def close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def fresh_store(app: Flask) -> Callable[[], "TimelineStore"]:
    """Gives an emptied store, for a test that hypothesis runs many times."""

    def empty() -> TimelineStore:
        with app.app_context():
            for model in (DeletedPost, Follow, Post, User):
                db.session.execute(delete(model))
            db.session.commit()
        return TimelineStore(app)

    return empty


class TimelineStore(Store):
    """Reads home timelines one way or the other, while posts come and go."""

    def home(self, reader_id: int, before: int, size: int, walking: bool) -> Page[Entry]:
        ways = (
            (timelines.walk, timelines.walk_apart) if walking else (timelines.gather, timelines.gather_apart)
        )
        with self.app.app_context():
            reader = db.session.get(User, reader_id)
            whole, apart = (timelines.page_of(way(reader, Between(before), size + 1), size) for way in ways)
        assert whole == apart
        return whole

    def delete_oldest(self) -> set[int]:
        with self.app.app_context():
            oldest = db.session.scalar(select(func.min(Post.id)))
            db.session.execute(delete(Post).where(Post.id == oldest))
            db.session.commit()
            return {oldest}
