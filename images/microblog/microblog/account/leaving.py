"""Leaving: a person's row goes, with it everything that refers to it, and the counts of others stay right."""

from sqlalchemy import delete, or_, select, update

from .. import audit
from ..audit import Act
from ..database import db
from ..exports import fetching
from ..inbox import Notification
from ..mail import outbox
from ..messages.sending import take_messages
from ..models import Follow, User
from ..news import UNSYNCHRONIZED
from ..posts.farewell import take_posts
from ..ties import Hidden


def leave(user: User, keep_export: bool = False) -> str | None:
    """Delete an account: follows, logins, letters and jobs go with it (ON DELETE CASCADE), and so do its
    posts with their pictures. A finished export may stay; then the token of its link.
    """
    outbox.withdraw(user)
    token = fetching.keep(user) if keep_export else None
    _take_back_counts(user)
    take_posts(user)
    take_messages(user)
    told = or_(Notification.user_id == user.id, Notification.actor_id == user.id)
    db.session.execute(delete(Notification).where(told), execution_options=UNSYNCHRONIZED)
    audit.record(Act.LEFT, user, user)
    db.session.execute(delete(User).where(User.id == user.id))
    db.session.commit()
    return token


def _take_back_counts(user: User) -> None:
    followed = select(Follow.followed_id).where(Follow.follower_id == user.id)
    followers = select(Follow.follower_id).where(Follow.followed_id == user.id)
    hiders = select(Hidden.reader_id).where(Hidden.author_id == user.id)
    changes = (
        (User.follower_count, followed),
        (User.following_count, followers),
        (User.hidden_count, hiders),
    )
    # The smaller ids first, as whoever follows does: then they wait for each other instead of deadlocking.
    ids = sorted({user.id, *(id for _, others in changes for id in db.session.scalars(others))})
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        db.session.execute(select(User.id).where(User.id.in_(some)).order_by(User.id).with_for_update())
    for column, others in changes:
        db.session.execute(
            update(User).where(User.id.in_(others)).values({column: column - 1}),
            execution_options=UNSYNCHRONIZED,
        )
