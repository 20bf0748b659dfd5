"""In the microblog's image, against MariaDB: how many rows it reads for each page among so many posts.

Four readers follow ten authors each. These have written, evenly over all time: a few posts; as many as make
walking as dear as gathering, less some and with some more; a quarter of all posts.
"""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from math import sqrt
from typing import Any

from sqlalchemy import func, insert, select, update

from microblog import create_app, seeding
from microblog.database import db
from microblog.models import Follow, Post, User
from microblog.pages import Between
from microblog.posts import timelines
from microblog.ties import Repost
from microblog.times import now

SHOWN, AUTHORS = 25, 10
AMOUNT = SHOWN + 1
FEW, REPOSTS = 60, 0.05
GATHERING = timelines.gather, timelines.gather_apart
WALKING = timelines.walk, timelines.walk_apart
WAYS = {"few": GATHERING, "just gathered": GATHERING, "just walked": WALKING, "many": WALKING}
STATUS = "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%%' OR Variable_name LIKE 'Handler_icp%%'"
TABLES = ("follow", "hidden", "image", "post", "post_like", "repost", "suspension", "user")


def main(posts: int) -> None:
    with create_app().app_context():
        # Until then MariaDB goes by the statistics of empty tables.
        for table in TABLES:
            run(f"ALTER TABLE {table} STATS_AUTO_RECALC=0")
        look_at_tables()
        seeding.fill(seeding.Size(200, 20, posts, 1, datetime(2026, 11, 1, tzinfo=UTC)), lambda _: None)
        last = db.session.scalar(select(func.max(Post.id)))
        root = sqrt(AMOUNT * last)
        wrote = zip(WAYS, (FEW, root * 0.95, root * 1.05, posts / 4), strict=True)
        there = Community()
        readers = {name: reader(name, there.authors(name, int(amount))) for name, amount in wrote}
        db.session.commit()
        rows = {f"first home, {name}": rows_read(lambda one=one: home(one)) for name, one in readers.items()}
        chosen = {name: home(one).make in makers(name, one) for name, one in readers.items()}
        rows |= {f"{name}, not looked at": number for name, number in measured(readers, last)}
        look_at_tables()
        rows |= dict(measured(readers, last))
    json.dump({"root": root, "chosen": chosen, "rows": rows}, sys.stdout)


def look_at_tables() -> None:
    run(f"ANALYZE TABLE {', '.join(TABLES)}")


def run(statement: str) -> list[Any]:
    result = db.session.connection().exec_driver_sql(statement)
    return list(result) if result.returns_rows else []


def measured(readers: dict[str, User], last: int) -> Iterator[tuple[str, int]]:
    for hiding in (False, True):
        for one in readers.values():
            one.hidden_count = int(hiding)
        for name, wanted in pages(readers, last):
            yield (f"{name}, hiding" if hiding else name), rows_read(wanted)


def home(one: User) -> timelines.Ids:
    return timelines.home(one, Between(), AMOUNT)


def makers(name: str, one: User) -> set[object]:
    return {way(one, Between(), AMOUNT).make for way in WAYS[name]}


def pages(readers: dict[str, User], last: int) -> Iterator[tuple[str, Callable[[], timelines.Ids]]]:
    few, author = readers["few"], db.session.scalar(select(User).where(User.username == "many0"))
    for where, between in {"": Between(), " deep": Between(last * 3 // 4)}.items():
        yield f"explore{where}", lambda between=between: timelines.everybody(few, between, AMOUNT)
        for name, one in readers.items():
            for way in WAYS[name]:
                yield (
                    f"{way.__name__}{where}, {name}",
                    lambda way=way, one=one, between=between: way(one, between, AMOUNT),
                )
    yield "profile", lambda: timelines.written_by(author, few, Between(), AMOUNT)


def rows_read(wanted: Callable[[], timelines.Ids]) -> int:
    """Rows and index entries, of temporary tables too, also those that did not fit a condition."""
    before = handled()
    page = timelines.page_of(wanted(), SHOWN)
    after = handled()
    assert len(page.entries) == SHOWN
    return after - before


def handled() -> int:
    status = {name: int(number) for name, number in run(STATUS)}
    # Of the entries that the engine itself tries, those that fit are counted as read.
    return sum(status.values()) - 2 * status["Handler_icp_match"]


class Community:
    """Its posts and reposts, to be handed over to others."""

    def __init__(self) -> None:
        once = select(func.min(Repost.id).label("id")).group_by(Repost.post_id).order_by("id")
        self.posts = list(db.session.scalars(select(Post.id).order_by(Post.id)))
        self.reposts = list(db.session.scalars(once))

    def authors(self, name: str, amount: int) -> list[User]:
        """People who have written and passed on so much together."""
        people = [person(f"{name.replace(' ', '_')}{number}") for number in range(AUTHORS)]
        passed_on = int(amount * REPOSTS)
        for kind, left, number in ((Repost, self.reposts, passed_on), (Post, self.posts, amount - passed_on)):
            taken = spread(left, number)
            for start, one in enumerate(people):
                theirs = taken[start::AUTHORS]
                db.session.execute(update(kind).where(kind.id.in_(theirs)).values(user_id=one.id))
                setattr(one, "post_count" if kind is Post else "repost_count", len(theirs))
        return people


def spread(left: list[int], amount: int) -> list[int]:
    """Take so many, the same distance apart."""
    taken = [left[int((number + 0.5) * len(left) / amount)] for number in range(amount)]
    left[:] = sorted(set(left) - set(taken))
    return taken


def reader(name: str, authors: list[User]) -> User:
    """Somebody who follows these."""
    one = person(name.replace(" ", "_"))
    follows = [{"follower_id": one.id, "followed_id": author.id, "created_at": now()} for author in authors]
    db.session.execute(insert(Follow), follows)
    one.following_count = len(authors)
    return one


def person(name: str) -> User:
    user = User(username=name, username_key=name, email=f"{name}@example.org", password_hash="none")
    db.session.add(user)
    db.session.flush()
    return user


main(int(sys.argv[1]))
