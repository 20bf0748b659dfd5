"""Following and unfollowing; both counts change in the same transaction as the row.

Raises HasLeft when one of the two is gone.
"""

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from .. import news
from ..database import db
from ..inbox import Participant
from ..leavers import HasLeft
from ..models import Follow, User
from ..news import Kind
from ..ties import Hidden
from ..times import now


def follow(follower: User, followed: User) -> None:
    """Follow a person; following twice is following once, and a block just made forbids it."""
    _count(follower, followed, 1)
    apart = exists().where(
        Hidden.reader_id == follower.id, Hidden.author_id == followed.id, Hidden.blocks | Hidden.blocked
    )
    if db.session.scalar(select(apart)):
        db.session.rollback()
        return
    row = {"follower_id": follower.id, "followed_id": followed.id, "created_at": now()}
    try:
        db.session.execute(insert(Follow).values(row))
    except IntegrityError:
        db.session.rollback()
    else:
        news.tell_followed(follower.id, followed.id)
        _accept_request(follower, followed)
        db.session.commit()


def unfollow(follower: User, followed: User) -> None:
    """Stop following a person, if one did."""
    _count(follower, followed, -1)
    gone = delete(Follow).where(Follow.follower_id == follower.id, Follow.followed_id == followed.id)
    if db.session.execute(gone).rowcount == 1:  # type: ignore[attr-defined]
        news.take_back(Kind.FOLLOW, follower.id, user_id=followed.id)
        db.session.commit()
    else:
        db.session.rollback()


def _accept_request(follower: User, followed: User) -> None:
    theirs = (Participant.user_id == follower.id, Participant.other_id == followed.id)
    db.session.execute(
        update(Participant).where(*theirs, ~Participant.accepted).values(accepted=True),
        execution_options={"synchronize_session": False},
    )


def _count(follower: User, followed: User, step: int) -> None:
    changes = {
        follower.id: {"following_count": User.following_count + step},
        followed.id: {"follower_count": User.follower_count + step},
    }
    # Always the smaller id first: two people who follow each other at once then queue, not deadlock.
    for user_id in sorted(changes):
        counted = db.session.execute(
            update(User).where(User.id == user_id).values(changes[user_id]),
            execution_options={"synchronize_session": False},
        )
        if not counted.rowcount:  # type: ignore[attr-defined]
            raise HasLeft
