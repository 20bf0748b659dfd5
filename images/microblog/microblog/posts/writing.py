"""Writing and deleting posts; every count changes in the same transaction.

Rows are locked in one order everywhere (people, then posts), so writers wait for each other, never deadlock.
"""

from sqlalchemy import delete, insert, select, update

from .. import news
from ..database import db
from ..images import uploads
from ..images.pictures import Picture
from ..leavers import HasLeft
from ..models import Post, User
from ..news import Kind
from ..pages import Entry
from ..ties import DeletedPost, Hidden, Mention, PostTag
from ..times import now
from . import links
from .threads import has_answers

UNSYNCHRONIZED = {"synchronize_session": False}


def write(
    author: User,
    body: str,
    parent: Entry | None = None,
    *,
    language: str | None = None,
    picture: Picture | None = None,
    alt: str = "",
) -> Post | None:
    """Store a post, as an answer if there is a parent; None when the parent was deleted meanwhile.

    Raises HasLeft when the author is gone.
    """
    found = links.find(body)
    keys = {link.key for link in found if link.sign == "@"}
    concerned = set(_people(author, keys).values()) | _answered(author, parent)
    _hold(author, concerned, lower=True)
    if not _count_post(author.id, 1):
        raise HasLeft
    _hold(author, concerned, lower=False)
    if parent and not _count_reply(parent.id, 1):
        db.session.rollback()
        return None
    # Asked again now that nobody of them can block or leave.
    people = _people(author, keys)
    post = Post(
        user_id=author.id,
        body=body,
        created_at=now(),
        parent_id=parent.id if parent else None,
        links=links.stored(found, people.keys()),
        language=language,
    )
    db.session.add(post)
    db.session.flush()
    named, answered = set(people.values()), _answered(author, parent)
    _tie(post, found, named | answered)
    news.tell(Kind.REPLY, author.id, answered, post.id)
    news.tell(Kind.MENTION, author.id, named - answered, post.id)
    if picture:
        uploads.store(post, picture, alt)
    db.session.commit()
    return post


def remove(author: User, post_id: int) -> bool:
    """Delete a post of this author; its answers stay. False when there is none of that number."""
    if not take_out(author.id, post_id):
        db.session.rollback()
        return False
    db.session.commit()
    return True


def take_out(author_id: int, post_id: int, by_moderation: bool = False) -> bool:
    """What `remove` does, in the caller's transaction: who gets False must not commit it."""
    _count_post(author_id, -1)
    theirs = select(Post).where(Post.id == post_id, Post.user_id == author_id).with_for_update()
    post = db.session.scalar(theirs.execution_options(populate_existing=True))
    if post is None:
        return False
    if by_moderation or has_answers(post_id):
        place = {"id": post_id, "parent_id": post.parent_id, "removed": by_moderation}
        db.session.execute(insert(DeletedPost).values(place))
    db.session.execute(delete(Post).where(Post.id == post_id), execution_options=UNSYNCHRONIZED)
    if post.parent_id:
        _count_reply(post.parent_id, -1)
        clear_places(post.parent_id)
    db.session.expunge(post)
    return True


def clear_places(post_id: int | None) -> None:
    """Forget the places of deleted posts, upwards, on which nothing hangs any more."""
    while post_id and (gone := db.session.get(DeletedPost, post_id)) and not has_answers(post_id):
        if gone.removed:
            return
        db.session.delete(gone)
        db.session.flush()
        post_id = gone.parent_id


def _hold(author: User, people: set[int], lower: bool) -> None:
    """Keep the rows of those with a smaller number than the author's, or of the others, as they are.

    A mention refers to a person, so the database locks that person's row: two who answer each other at once
    would deadlock if each had their own row first.
    """
    ids = [user_id for user_id in people if (user_id < author.id) is lower and user_id != author.id]
    if ids:
        query = select(User.id).where(User.id.in_(ids)).order_by(User.id).with_for_update(read=True)
        db.session.execute(query)


def _people(author: User, keys: set[str]) -> dict[str, int]:
    """The ids of these names, without those who block the author or are blocked by them."""
    if not keys:
        return {}
    apart = select(Hidden.author_id).where(Hidden.reader_id == author.id, Hidden.blocks | Hidden.blocked)
    named = select(User.username_key, User.id).where(User.username_key.in_(keys), User.id.not_in(apart))
    return {row.username_key: row.id for row in db.session.execute(named)}


def _answered(author: User, parent: Entry | None) -> set[int]:
    if parent is None:
        return set()
    owner = db.session.scalar(select(Post.user_id).where(Post.id == parent.id))
    return {owner} - {author.id} if owner else set()


def _tie(post: Post, found: list[links.Link], people: set[int]) -> None:
    tags = {link.key for link in found if link.sign == "#"}
    if people:
        db.session.execute(insert(Mention), [{"user_id": id, "post_id": post.id} for id in sorted(people)])
    if tags:
        db.session.execute(insert(PostTag), [{"tag": tag, "post_id": post.id} for tag in sorted(tags)])


def _count_post(user_id: int, step: int) -> bool:
    counted = db.session.execute(
        update(User).where(User.id == user_id).values(post_count=User.post_count + step),
        execution_options=UNSYNCHRONIZED,
    )
    return bool(counted.rowcount)  # type: ignore[attr-defined]


def _count_reply(post_id: int, step: int) -> bool:
    counted = db.session.execute(
        update(Post).where(Post.id == post_id).values(reply_count=Post.reply_count + step),
        execution_options=UNSYNCHRONIZED,
    )
    return bool(counted.rowcount)  # type: ignore[attr-defined]
