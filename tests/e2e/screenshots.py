"""Takes the pictures of the microblog in docs/screenshots anew: `make screenshots`."""

import io
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import docker
from PIL import Image
from playwright.sync_api import Browser
from sqlalchemy import delete, func, select, update

from microblog.database import db
from microblog.inbox import Message, Notification
from microblog.models import Post
from microblog.times import now
from tests.conftest import ROOT
from tests.e2e.browsing import chromium, visiting
from tests.e2e.community import Community, community
from tests.e2e.conftest import free_ports
from tests.e2e.person import Person
from tests.e2e.story import LONG_WORD

FOLDER = ROOT / "docs/screenshots"
QUALITY = 80


@dataclass(frozen=True)
class Shot:
    """A page as somebody sees it, with a kind of device and scheme, in a language."""

    name: str
    path: str
    who: Person | None
    kind: str
    locale: str = "en-GB"


def main() -> None:
    """Take them all, with the browser of the tests."""
    name = "microblog-screenshots"
    with (
        TemporaryDirectory() as folder,
        chromium(docker.from_env(), name, *free_ports(1)) as browser,
        community(Path(folder)) as made,
    ):
        tidy(made)
        for shot in shots(made):
            target = FOLDER / f"{shot.name}-{shot.kind}.webp"
            take(browser, made.address, shot).save(target, quality=QUALITY, method=6)
            sys.stderr.write(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1000} kB\n")


def shots(made: Community) -> list[Shot]:
    """What a newcomer would like to see."""
    story = made.story
    member, admin, followed = story.cast.member, story.cast.admin, story.cast.followed
    thread = f"/posts/{story.posts['answer']}"
    talk = f"/messages/{story.conversations['long']}"
    return [
        Shot("home", "/", member, "desktop-light"),
        Shot("home", "/", member, "phone-dark"),
        Shot("explore", "/explore", None, "phone-light", "es"),
        Shot("thread", thread, member, "phone-light"),
        Shot("profile", f"/people/{followed.name}", member, "desktop-dark"),
        Shot("messages", talk, member, "phone-light"),
        Shot("notifications", "/notifications", member, "phone-dark"),
        Shot("search", "/search?q=cello", member, "desktop-light"),
        Shot("account", "/account", member, "desktop-light", "es"),
        Shot("moderation", f"/moderation/cases/{story.cases['open']}", admin, "desktop-dark"),
        Shot("developers", "/developers", None, "desktop-light"),
        Shot("register", "/register", None, "phone-dark"),
    ]


def take(browser: Browser, address: str, shot: Shot) -> Image.Image:
    """One of them, of the size of the screen."""
    with visiting(browser, address, shot.kind, shot.locale) as visit:
        if shot.who:
            cookies = shot.who.session.cookies.get_dict().items()
            visit.page.context.add_cookies(
                [{"name": name, "value": value, "url": address} for name, value in cookies]
            )
        visit.page.goto(shot.path, wait_until="networkidle")
        assert visit.complaints == [], visit.complaints
        return Image.open(io.BytesIO(visit.page.screenshot()))


def tidy(made: Community) -> None:
    """Leave out what only tests want to see, and have things happen over hours instead of in a second."""
    cast, conversation = made.story.cast, made.story.conversations["long"]
    cast.member.send("/profile/edit", display_name="Pablo Vega", about="Maps, trains, tea.")
    with made.app.app_context():
        db.session.execute(delete(Message).where(Message.body.contains(LONG_WORD)))
        unwelcome = db.session.scalars(select(Post.id).where(Post.body.contains(LONG_WORD))).all()
    for number in unwelcome:
        cast.member.send(f"/posts/{number}/delete")
    for person, text in (
        (cast.member, "I asked at the station. Nobody knows whose cello it is."),
        (cast.followed, "Then it is ours until Friday?"),
        (cast.member, "I can hold it. You play."),
        (cast.followed, "Platform 3, at nine."),
    ):
        person.send(f"/messages/{conversation}", body=text)
    with made.app.app_context():
        for table in (Message, Notification, Post):
            newest = db.session.scalar(select(func.max(table.id))) or 0
            lately = table.created_at > now() - timedelta(minutes=30)
            for number in db.session.scalars(select(table.id).where(lately)).all():
                moment = now() - timedelta(minutes=3 + 11 * (newest - number))
                db.session.execute(update(table).where(table.id == number).values(created_at=moment))
        db.session.commit()


if __name__ == "__main__":
    main()
