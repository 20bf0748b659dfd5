"""In the microblog's image, against MariaDB: a seeded place, a case that many report, two decide at once."""

import json
import sys
import threading
from datetime import UTC, datetime

from sqlalchemy import func, select

from microblog import audit, create_app, seeding
from microblog.database import db
from microblog.images import uploads
from microblog.images.models import CaseImage
from microblog.images.pictures import Picture, Size
from microblog.models import Follow, Post, User
from microblog.moderation import cases, decisions, role_changes
from microblog.moderation.role_changes import LastAdmin
from microblog.oversight import FOREVER, Case, Report
from microblog.pages import Between
from microblog.posts import timelines
from microblog.roles import Role


def main() -> None:
    app = create_app()
    done: dict[str, object] = {}
    size = seeding.Size(300, 20, 3000, 1, datetime(2026, 11, 1, tzinfo=UTC))
    with app.app_context():
        seeding.fill(size, lambda _: None)
        done["made"] = [db.session.scalar(select(func.count()).select_from(t)) for t in (User, Follow, Post)]
        people = db.session.scalars(select(User).order_by(User.id)).all()
        for admin in people[:2]:
            role_changes.change(None, admin, Role.ADMIN)
        entry = timelines.page_of(timelines.everybody(None, Between(), 2), 1).entries[0]
        author = db.session.scalar(select(User).where(User.username == entry.username))
        picture = Picture((Size(900, 300, b"large"), Size(720, 240, b"small")))
        uploads.store(db.session.get(Post, entry.id), picture, "é")
        db.session.commit()
    reporters = [user.id for user in people[10:30] if user.id != author.id]

    def in_context(work, *ids: int) -> threading.Thread:
        def run() -> None:
            with app.app_context():
                work(*(db.session.get(User, number) for number in ids))

        return threading.Thread(target=run)

    together(
        in_context(lambda one, other: cases.report(one, other, "spam", "", entry), number, author.id)
        for number in reporters
    )
    with app.app_context():
        done["cases"] = [list(row) for row in db.session.execute(select(Case.id, Case.report_count))]
        done["reports"] = db.session.scalar(select(func.count()).select_from(Report)) == len(reporters)
        (case,) = db.session.scalars(select(Case)).all()
        kept = db.session.execute(select(CaseImage.width, CaseImage.alt, CaseImage.content)).one()
        done["picture"] = [kept.width, kept.alt, kept.content.decode()]
    decided: list[bool] = []

    def remove(admin: User, subject: User) -> None:
        decided.append(decisions.remove_post(admin, case, subject, "x"))

    def dismiss(admin: User, subject: User) -> None:
        decided.append(decisions.dismiss(admin, case, subject, "x"))

    ways = zip((remove, dismiss), people[:2], strict=True)
    together(in_context(way, admin.id, author.id) for way, admin in ways)
    done["decided"] = sorted(decided)
    refused: list[str] = []

    def step_down(admin: User) -> None:
        try:
            role_changes.change(admin, admin, Role.PERSON)
        except LastAdmin:
            refused.append(admin.username)

    together(in_context(step_down, admin.id) for admin in people[:2])
    with app.app_context():
        done["admins"] = db.session.scalar(select(func.count()).where(User.role == int(Role.ADMIN)))
        done["refused"] = len(refused)
        before = shown(author)
        decisions.suspend_unreported(None, db.session.get(User, author.id), "x", FOREVER)
        done["hidden"] = before > 0 and shown(author) == 0
        decisions.lift(None, db.session.get(User, author.id), "x")
        done["back"] = shown(author) == before
        done["trail"] = [entry.act for entry in audit.entries(2).entries]
    json.dump(done, sys.stdout)


def shown(author: User) -> int:
    page = timelines.page_of(timelines.everybody(None, Between(), 2001), 2000)
    return sum(entry.username == author.username for entry in page.entries)


def together(threads) -> None:
    started = list(threads)
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


main()
