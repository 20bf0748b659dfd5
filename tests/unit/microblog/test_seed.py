"""A made-up community: as large as asked for, the same each time, and right in every count."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from microblog import create_app, seeding
from microblog.database import db
from microblog.mail.settings import MailSettings
from microblog.models import Follow, Post, User
from microblog.plain_text import length, printable
from microblog.posts import links
from microblog.seeding import events, texts
from microblog.seeding.people import Weighted, follows, make
from microblog.seeding.size import Size
from microblog.ties import Like, Mention, PostTag, Repost
from microblog.usernames import well_formed
from tests.unit.microblog.conftest import close

END = datetime(2026, 11, 1, tzinfo=UTC)
SMALL = Size(people=60, follows=9, posts=1500, seed=7, end=END)
TABLES = (User, Follow, Post, Like, Repost, Mention, PostTag)


def fill(app, size: Size = SMALL) -> seeding.Made:
    with app.app_context():
        return seeding.fill(size, lambda _: None)


def contents(app) -> list[list[tuple]]:
    with app.app_context():
        return [[tuple(row) for row in db.session.execute(select(table.__table__))] for table in TABLES]


@pytest.fixture
def seeded(app):
    return fill(app)


def wrong(app, condition: str) -> int:
    with app.app_context():
        return db.session.scalar(text(f"SELECT COUNT(*) FROM {condition}"))  # noqa: S608 - constants


def test_there_is_as_much_as_was_asked_for(app, seeded):
    assert (seeded.people, seeded.follows, seeded.posts) == (60, 60 * 9, 1500)
    with app.app_context():
        for table, number in ((User, 60), (Follow, 540), (Post, 1500), (Repost, seeded.reposts)):
            assert db.session.scalar(select(func.count()).select_from(table)) == number
    assert min(seeded.replies, seeded.likes, seeded.reposts, seeded.mentions, seeded.hashtags) > 10


def test_every_count_is_that_of_the_rows(app, seeded):
    counted = {
        "post p": {
            "reply_count": "post r WHERE r.parent_id = p.id",
            "like_count": "post_like r WHERE r.post_id = p.id",
            "repost_count": "repost r WHERE r.post_id = p.id",
        },
        "user p": {
            "post_count": "post r WHERE r.user_id = p.id",
            "repost_count": "repost r WHERE r.user_id = p.id",
            "follower_count": "follow r WHERE r.followed_id = p.id",
            "following_count": "follow r WHERE r.follower_id = p.id",
        },
    }
    for table, counts in counted.items():
        for column, rows in counts.items():
            condition = f"{table} WHERE {column} <> (SELECT COUNT(*) FROM {rows})"  # noqa: S608
            assert wrong(app, condition) == 0, column
    assert wrong(app, "post a JOIN post b ON a.id < b.id AND a.created_at > b.created_at") == 0
    assert wrong(app, "post a JOIN post b ON a.parent_id = b.id AND a.id < b.id") == 0
    assert wrong(app, "repost r JOIN post p ON p.id = r.post_id AND p.user_id = r.user_id") == 0
    assert wrong(app, "post p JOIN user u ON u.id = p.user_id AND u.created_at > p.created_at") == 0


def test_mentions_and_hashtags_are_those_that_writing_would_find(app, seeded):
    with app.app_context():
        names = dict(db.session.execute(select(User.username_key, User.id)).all())
        authors = dict(db.session.execute(select(Post.id, Post.user_id)).all())
        for post in db.session.scalars(select(Post)):
            found = links.find(post.body)
            assert post.links == links.stored(found, names.keys())
            people = {names[link.key] for link in found if link.sign == "@"}
            people |= {authors[post.parent_id]} - {post.user_id} if post.parent_id else set()
            assert (
                set(db.session.scalars(select(Mention.user_id).where(Mention.post_id == post.id))) == people
            )
            tags = {link.key for link in found if link.sign == "#"}
            assert set(db.session.scalars(select(PostTag.tag).where(PostTag.post_id == post.id))) == tags


def test_the_same_seed_is_the_same_community_and_another_another(settings, app, tmp_path, empty_database):
    fill(app)
    first = contents(app)
    seen = []
    for size in (SMALL, replace(SMALL, seed=8)):
        path = tmp_path / f"other{size.seed}.sqlite3"
        path.write_bytes(empty_database.read_bytes())
        other = create_app(replace(settings, database_url=f"sqlite:///{path}"))
        fill(other, size)
        seen.append(contents(other))
        close(other)
    assert seen[0] == first
    assert seen[1] != first


def test_some_are_followed_by_nearly_all_and_many_by_few(app, seeded):
    with app.app_context():
        counts = sorted(db.session.scalars(select(User.follower_count)), reverse=True)
        posts = sorted(db.session.scalars(select(User.post_count)), reverse=True)
    assert counts[0] > 4 * counts[len(counts) // 2]
    assert posts[0] > 4 * posts[len(posts) // 2]


def test_people_can_log_in_write_and_pass_on(app, seeded, browser):
    with app.app_context():
        name = db.session.scalar(select(User.username).order_by(User.id.desc()))
        newest = db.session.scalar(select(func.max(Post.id)))
        assert newest > (db.session.scalar(select(func.max(Repost.id))) or 0)
    assert browser.login(name, seeding.PASSWORD).location == "/"
    assert browser.page("/").select(".post")
    assert browser.write("my first own post").status_code == 303
    assert "my first own post" in browser.page("/explore").select_one(".post").text
    assert browser.post(f"/posts/{newest}/repost").status_code in {303, 400}


@given(people=st.integers(2, 30), wanted=st.integers(0, 40), number=st.integers(0, 999))
def test_everybody_follows_so_many_others_each_once(people, wanted, number):
    size, rng = Size(people, wanted, 0, number, END), Random(number)  # noqa: S311
    crowd = make(rng, size, 1, set())
    pairs = list(follows(rng, size, crowd))
    assert len(pairs) == len(set(pairs)) == people * min(wanted, people - 1)
    assert all(one is not other for one, other in pairs)
    assert {one.id for one, _ in pairs} == ({one.id for one in crowd} if wanted else set())


@given(posts=st.integers(0, 60), number=st.integers(0, 999))
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chapters_hold_every_post_once_and_numbers_are_never_used_twice(monkeypatch, posts, number):
    monkeypatch.setattr(events, "AT_A_TIME", 25)
    size, rng = Size(8, 2, posts, number, END), Random(number)  # noqa: S311
    telling = events.Telling(rng, size, make(rng, size, 1, set()), 100)
    chapters = list(telling.chapters())
    written = [row for rows in chapters for row in rows.posts]
    numbers = [row["id"] for row in written] + [row["id"] for rows in chapters for row in rows.reposts]
    assert len(written) == posts
    assert sorted(numbers) == list(range(100, 100 + len(numbers)))
    pairs = [(row["user_id"], row["post_id"]) for rows in chapters for row in rows.reposts]
    assert len(pairs) == len(set(pairs))
    assert all(row["created_at"] <= END for row in written)


@given(number=st.integers(0, 9999), language=st.sampled_from(["en", "es"]))
def test_what_they_write_is_what_people_may_write(number, language):
    rng = Random(number)  # noqa: S311
    for text_ in (texts.post(rng, language, "x" * 32), texts.answer(rng, language, "x" * 32)):
        assert 0 < length(text_) <= 280
        assert printable(text_)


def test_their_names_are_names_and_none_is_taken():
    rng, size = Random(1), Size(3000, 0, 0, 1, END)  # noqa: S311
    first = make(rng, size, 1, set())
    taken = {person.username for person in first}
    second = make(Random(1), size, 3001, taken)  # noqa: S311
    assert len(taken | {person.username for person in second}) == 6000
    assert all(well_formed(person.username) for person in first + second)
    assert {person.language for person in first} == {"en", "es"}
    assert [person.joined for person in first] == sorted(person.joined for person in first)
    assert Weighted(rng, first, 1.0).some(3)


def test_a_second_time_is_refused_unless_it_is_meant(app):
    run = app.test_cli_runner().invoke
    words = ["seed", "--people", "5", "--follows", "2", "--posts", "20", "--until", "2026-11-01"]
    first = run(args=words)
    assert first.exit_code == 0, first.output
    assert "5 people, 10 follows, 20 posts" in first.output
    assert seeding.PASSWORD in first.output
    second = run(args=words)
    assert second.exit_code == 1
    assert "--more" in second.output
    more = run(args=[*words, "--more"])
    assert more.exit_code == 0, more.output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 10
        assert db.session.scalar(select(func.count()).select_from(Post)) == 40


def test_nobody_is_made_up_where_mail_goes_out(settings):
    mail = MailSettings("127.0.0.1", 9, "smtp", "m@blog.example", public_url="https://blog.example")
    app = create_app(replace(settings, mail=mail))
    words = ["seed", "--people", "5", "--follows", "2", "--posts", "5"]
    refused = app.test_cli_runner().invoke(args=words)
    assert refused.exit_code == 1
    assert "production" in refused.output
    assert app.test_cli_runner().invoke(args=[*words, "--in-production"]).exit_code == 0
    close(app)
