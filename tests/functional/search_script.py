"""Run in the microblog's image against MariaDB: searches of every kind; prints what was found as JSON."""

import json
import random

from sqlalchemy import delete, update

from microblog import create_app
from microblog.database import db
from microblog.messages import sending
from microblog.models import Post, User
from microblog.notifications import listing
from microblog.pages import LARGEST_ID, Between
from microblog.posts import reactions, writing
from microblog.search import found_people, found_posts, full_text
from microblog.search.query import parse
from microblog.unread import messages, notifications

BODIES = ("A I the tea", "the café, snow_man", "#Täg for @ben", "tea the other way", "日本語 テスト")
ASKED = (
    "tea",
    "the",
    "a i",
    '"the tea"',
    "CAFE",
    "snow_man",
    "#täg",
    "@Ben for",
    "日本語",
    "te",
    "tea -the",
)


def main() -> None:
    app = create_app()
    with app.app_context():
        ann, ben = person("ann"), person("ben")
        for body in BODIES:
            writing.write(ann, body)
        print(json.dumps({"found": {text: bodies(text) for text in ASKED}, **others(ann, ben)}))


def others(ann: User, ben: User) -> dict[str, object]:
    ways = all(
        set(db.session.scalars(db.select(Post.id).where(full_text.holds(Post.body, parse(text).phrases))))
        == set(
            db.session.scalars(db.select(Post.id).where(full_text.matches((Post.body,), parse(text).phrases)))
        )
        for text in ASKED
        if parse(text).phrases and not parse(text).names
    )
    people = [listed.username for listed in found_people.search(parse("an"), None, LARGEST_ID, 5).entries]
    reactions.like(ben, 1)
    sending.send(ann, ben, "hello")
    sending.send(ben, ann, "hello, too")
    counts = [db.session.execute(db.select(notifications(n), messages(n))).one() for n in (ann.id, ben.id)]
    told = [listed.kind for listed in listing.listed(ann, LARGEST_ID, LARGEST_ID, 5).entries]
    db.session.execute(update(Post).where(Post.id == 1).values(body="milk"))
    db.session.execute(delete(Post).where(Post.id == 4))
    db.session.commit()
    return {
        "both_ways": ways,
        "people": people,
        "counts": [[told, int(written)] for told, written in counts],
        "told": told,
        "after": bodies("tea") + bodies("milk"),
        "any_text": any_text(),
    }


def any_text() -> int:
    """How many texts of the signs that mean something to MariaDB were searched without an error."""
    chance, searched = random.Random(1), 0  # noqa: S311 - not for secrets
    for _ in range(500):
        text = "".join(chance.choices("+-<>()~*\"'@#%_\\/;, aé1\0\n", k=chance.randint(1, 40)))
        if query := parse(text):
            found_posts.search(query, None, Between(), 5)
            found_people.search(query, None, LARGEST_ID, 5)
        searched += 1
    return searched


def bodies(text: str) -> list[str | None]:
    return [entry.body for entry in found_posts.search(parse(text), None, Between(), 9).entries]


def person(name: str) -> User:
    user = User(username=name, username_key=name, email=f"{name}@example.org", password_hash="none")
    db.session.add(user)
    db.session.commit()
    return user


if __name__ == "__main__":
    main()
