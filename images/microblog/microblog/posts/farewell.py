"""When somebody leaves: their posts go, what others wrote below them stays, and every count is right."""

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from ..database import db
from ..models import Post, User
from ..ties import DeletedPost, Like, Repost
from .writing import UNSYNCHRONIZED, clear_places


def take_posts(author: User) -> None:
    """Delete every post of this author, and take back their likes and reposts; does not commit.

    Whoever calls holds the row of the author: people are locked before posts, as in `writing`.
    """
    for tie, count in ((Like, Post.like_count), (Repost, Post.repost_count)):
        reacted = select(tie.post_id).where(tie.user_id == author.id)
        changed = update(Post).where(Post.id.in_(reacted)).values({count: count - 1})
        db.session.execute(changed, execution_options=UNSYNCHRONIZED)
    while _keep_places(author):
        pass
    answered = _take_back_replies(author)
    db.session.execute(delete(Post).where(Post.user_id == author.id), execution_options=UNSYNCHRONIZED)
    for post_id in answered:
        clear_places(post_id)


def _keep_places(author: User) -> int:
    """Have a place for each post that something of others hangs on, perhaps below another place; how many."""
    answer, place, own = aliased(Post), aliased(DeletedPost), aliased(DeletedPost)
    by_others = select(answer.id).where(answer.parent_id == Post.id, answer.user_id != author.id)
    below = select(place.id).where(place.parent_id == Post.id)
    has_place = select(own.id).where(own.id == Post.id)
    posts = select(Post.id, Post.parent_id).where(
        Post.user_id == author.id, or_(by_others.exists(), below.exists()), ~has_place.exists()
    )
    rows = [{"id": row.id, "parent_id": row.parent_id} for row in db.session.execute(posts)]
    if rows:
        db.session.execute(insert(DeletedPost), rows)
    return len(rows)


def _take_back_replies(author: User) -> list[int]:
    """The posts that the author answered, their counts without these answers."""
    counted = (
        select(Post.parent_id, func.count())
        .where(Post.user_id == author.id, Post.parent_id.is_not(None))
        .group_by(Post.parent_id)
        .order_by(Post.parent_id)
    )
    answered = [(parent, count) for parent, count in db.session.execute(counted) if parent]
    for parent, count in answered:
        db.session.execute(
            update(Post).where(Post.id == parent).values(reply_count=Post.reply_count - count),
            execution_options=UNSYNCHRONIZED,
        )
    return [parent for parent, _ in answered]
