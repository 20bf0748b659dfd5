"""Writing and deleting posts; the author's count changes in the same transaction."""

from sqlalchemy import delete, update

from ..database import db
from ..models import Post, User
from ..times import now


def write(author: User, body: str) -> Post:
    """Store a post; when this returns, it is committed."""
    _count(author.id, 1)
    post = Post(user_id=author.id, body=body, created_at=now())
    db.session.add(post)
    db.session.commit()
    return post


def remove(author: User, post_id: int) -> bool:
    """Delete a post of this author; False when there is none of that number."""
    _count(author.id, -1)
    deleted = db.session.execute(delete(Post).where(Post.id == post_id, Post.user_id == author.id))
    if deleted.rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        return False
    db.session.commit()
    return True


def _count(user_id: int, step: int) -> None:
    # The author's row is locked first everywhere, so two writers wait for each other instead of deadlocking.
    db.session.execute(
        update(User).where(User.id == user_id).values(post_count=User.post_count + step),
        execution_options={"synchronize_session": False},
    )
