"""How SQLite goes about the lists when there are some thousands of posts: never through all of them."""

import pytest
from sqlalchemy import insert

from microblog.database import db
from microblog.models import Follow, Post, User
from microblog.pages import Between
from microblog.posts import timelines
from microblog.ties import Like, Mention, PostTag, Repost
from microblog.times import now

PEOPLE, POSTS = 50, 4000
TABLES = {
    "post",
    "user",
    "follow",
    "repost",
    "post_like",
    "mention",
    "post_tag",
    "hidden",
    "earlier",
    "reply",
}


@pytest.fixture
def crowd(app, store) -> list[int]:
    people = [store.add_user(f"person_{n}") for n in range(PEOPLE)]
    with app.app_context():
        follows = [
            {"follower_id": people[0], "followed_id": other, "created_at": now()} for other in people[1:9]
        ]
        db.session.execute(insert(Follow), follows)
        write(people, range(POSTS))
    return people


def write(people: list[int], numbers: range) -> None:
    """Posts that everybody writes in turn, every third of which somebody likes, passes on, names and tags."""
    posts = [
        {
            "user_id": people[n * 7 % PEOPLE],
            "body": f"post {n}",
            "created_at": now(),
            "parent_id": n % 3 or None,
        }
        for n in numbers
    ]
    ids = list(db.session.scalars(insert(Post).returning(Post.id), posts))
    pairs = [{"user_id": people[n % PEOPLE], "post_id": ids[n]} for n in range(0, len(ids), 3)]
    dated = [pair | {"created_at": now()} for pair in pairs]
    db.session.execute(insert(Like), dated)
    # A repost has a number that is no post's: here those that are left out below the next posts.
    db.session.execute(insert(Repost), [row | {"id": ids[-1] + n} for n, row in enumerate(dated, 1)])
    db.session.execute(insert(Mention), pairs)
    db.session.execute(insert(PostTag), [{"tag": "all", "post_id": pair["post_id"]} for pair in pairs])
    db.session.commit()


LISTS = {
    "gather": lambda reader, _other, between: timelines.gather(reader, between, 26),
    "walk": lambda reader, _other, between: timelines.walk(reader, between, 26),
    "gather apart": lambda reader, _other, between: timelines.gather_apart(reader, between, 26),
    "walk apart": lambda reader, _other, between: timelines.walk_apart(reader, between, 26),
    "explore": lambda reader, _other, between: timelines.everybody(reader, between, 26),
    "profile": lambda reader, other, between: timelines.written_by(other, reader, between, 26),
    "replies": lambda reader, other, between: timelines.written_by_with_replies(other, reader, between, 26),
    "tag": lambda reader, _other, between: timelines.tagged("all", reader, between, 26),
    "mentions": lambda reader, _other, between: timelines.mentioning(reader, between, 26),
    "likes": lambda reader, _other, between: timelines.liked_by(reader, between, 26),
}


@pytest.mark.parametrize("hidden", [0, 1])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_out_of_an_index(app, store, crowd, name, hidden):
    with app.app_context():
        reader, other = db.session.get(User, crowd[0]), db.session.get(User, crowd[1])
        reader.hidden_count = hidden
        db.session.flush()
        with store.statements() as sent:
            timelines.page_of(LISTS[name](reader, other, Between(POSTS // 2)), 25)
        plan = explained(LISTS[name](reader, other, Between(POSTS // 2)))
    assert len(sent) == 3 if "apart" in name else 2
    assert whole_tables(plan) == [], plan
    # Gathering sorts what it gathers. Two lists are merged by sorting the first rows of both; those that stay
    # are sorted once more with the names of who passed them on.
    if name not in {"gather", "gather apart", "walk", "profile"}:
        assert "TEMP B-TREE" not in "\n".join(plan), plan
    if name in {"walk", "profile"}:
        assert sum("TEMP B-TREE" in step for step in plan) == 2, plan


def test_a_page_takes_no_longer_among_ten_times_as_many_posts(app, crowd):
    # Gathering reads an index entry for each post of those one follows, as long as these are few: see `home`.
    names = [name for name in LISTS if not name.startswith("gather")]
    with app.app_context():
        reader, other = db.session.get(User, crowd[0]), db.session.get(User, crowd[1])

        def taken() -> dict[str, int]:
            wanted = {name: LISTS[name](reader, other, Between()) for name in names}
            deep = timelines.everybody(reader, Between(POSTS // 4), 26)
            return {name: steps(each) for name, each in {**wanted, "deep in explore": deep}.items()}

        before = taken()
        for _ in range(9):
            write(crowd, range(POSTS))
        after = taken()
    # These are hundreds: to read 4,000 posts would take more than 200 of them.
    assert before["explore"] < 100, before
    assert {name for name in before if after[name] > 1.5 * before[name]} == set(), (before, after)


def steps(wanted: timelines.Ids) -> int:
    """How many hundreds of steps of its machine SQLite takes for a page."""
    taken: list[int] = []
    connection = db.session.connection().connection.dbapi_connection
    connection.set_progress_handler(lambda: taken.append(1), 100)
    timelines.page_of(wanted, 25)
    connection.set_progress_handler(None, 0)
    return len(taken)


@pytest.mark.parametrize(
    "page", ["/", "/explore", "/people/bob", "/people/bob/replies", "/mentions", "/likes"]
)
@pytest.mark.parametrize("hiding", [False, True])
def test_a_page_with_everything_on_it_takes_at_most_four_statements(somebody, store, page, hiding):
    alice, bob, carol = somebody("alice"), somebody("bob"), somebody("carol")
    alice.post("/people/bob/follow")
    for n in range(4):
        bob.write(f"{n} @alice #all")
    post = alice.page("/").select_one(".when")["href"]
    for reader in (alice, carol):
        for name in ("like", "repost"):
            reader.post(f"{post}/{name}")
        reader.post(f"{post}/replies", {"body": "answer @alice"})
    if hiding:
        alice.post("/people/carol/block")
    alice.get("/")
    with store.statements() as sent:
        assert alice.page(page).select(".post")
    assert 1 <= len(sent) <= 4, sent
    assert all(statement.startswith("SELECT") for statement in sent)
    with store.statements() as sent:
        assert alice.page(post).select(".post")
    assert len(sent) <= 4, sent


def explained(wanted) -> list[str]:
    query = wanted.prepared(only_ids)
    return [row[3] for row in db.session.connection().exec_driver_sql(*asked_how(query, wanted.values))]


def only_ids(query):
    return query


def asked_how(query, values) -> tuple[str, tuple[object, ...]]:
    return f"EXPLAIN QUERY PLAN {query.text}", tuple(get(values) for get in query.values)


def whole_tables(plan: list[str]) -> list[str]:
    """The steps that read a table from one end to the other, without the end of a page in sight."""
    return [step for step in plan if step.startswith("SCAN") and step.split()[1] in TABLES]
