"""The queue: one row for each job, a lease for whoever works on it, and another try when the lease runs out.

Workers of all hosts claim from the same table. Whoever dies stops prolonging the lease, and the job begins
anew elsewhere; whoever only slept finds, at the next step, that the job is no longer theirs.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import get_locale
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from ..database import db
from ..models import User
from ..times import now
from .models import Job

LEASE = timedelta(seconds=60)
# Between tries, for a job that ended in an error; a job whose worker died begins anew after its lease.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800))
MOST_ATTEMPTS = len(PAUSES) + 1
# What is not done by then never will be; a result is kept as long.
KEPT = timedelta(days=2)
UNSYNCHRONIZED = {"synchronize_session": False}


class Lost(Exception):
    """The job is another worker's now, or nobody wants it any more."""


@dataclass(frozen=True)
class Claim:
    """A job in the hands of one worker."""

    job_id: int
    kind: str
    user_id: int
    language: str
    attempt: int

    @property
    def spent(self) -> bool:
        """Whether it was begun too often already, and is there to be given up alone."""
        return self.attempt > MOST_ATTEMPTS


def of(user: User, kind: str) -> Job | None:
    """The job of this kind that a person has, unless it has expired."""
    mine = select(Job).where(Job.user_id == user.id, Job.kind == kind, Job.expires_at > now())
    return db.session.scalar(mine.execution_options(populate_existing=True))


def put(user: User, kind: str) -> bool:
    """Ask for a job, in place of the last one; False while that is still pending. Commits."""
    over = delete(Job).where(Job.user_id == user.id, Job.kind == kind)
    db.session.execute(over.where((Job.due_at.is_(None)) | (Job.expires_at <= now())))
    db.session.add(Job(user_id=user.id, kind=kind, language=str(get_locale()), expires_at=now() + KEPT))
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def drop(user: User, kind: str) -> None:
    """Forget a job and its result; a worker that has it notices. Commits."""
    db.session.execute(delete(Job).where(Job.user_id == user.id, Job.kind == kind))
    db.session.commit()


def claim() -> Claim | None:
    """The next job that is due, for this worker alone; commits. One that killed its workers is `spent`."""
    while True:
        row = db.session.execute(
            select(Job.id, Job.kind, Job.user_id, Job.language, Job.attempts)
            .where(Job.due_at <= now(), Job.expires_at > now())
            .order_by(Job.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None or row.user_id is None:
            db.session.rollback()
            return None
        # SQLite locks no rows: there the number of attempts decides who has it.
        mine = update(Job).where(Job.id == row.id, Job.attempts == row.attempts, Job.due_at <= now())
        taken = _execute(mine.values(due_at=now() + LEASE, attempts=row.attempts + 1, done=0))
        db.session.commit()
        if taken:
            return Claim(row.id, row.kind, row.user_id, row.language, row.attempts + 1)


def prolong(claimed: Claim, done: int, total: int) -> None:
    """Say how far one is, and keep the job for another while; the caller commits. Raises Lost."""
    _change(claimed, done=done, total=total, due_at=now() + LEASE)


def finish(claimed: Claim, result_bytes: int) -> None:
    """It is done; the caller commits. Raises Lost."""
    _change(
        claimed,
        done=Job.total,
        due_at=None,
        finished_at=now(),
        result_bytes=result_bytes,
        expires_at=now() + KEPT,
    )


def give_up(claimed: Claim) -> None:
    """It did not work: try again after a pause, or never; the caller commits. Raises Lost."""
    if claimed.attempt >= MOST_ATTEMPTS:
        _change(claimed, due_at=None, finished_at=now(), failed=True)
    else:
        _change(claimed, due_at=now() + PAUSES[claimed.attempt - 1])


def tidy() -> None:
    """Remove what has expired, done or not; the results go along."""
    db.session.execute(delete(Job).where(Job.expires_at < now()))
    db.session.commit()


def _change(claimed: Claim, **columns: object) -> None:
    mine = update(Job).where(
        Job.id == claimed.job_id, Job.attempts == claimed.attempt, Job.due_at.is_not(None)
    )
    if not _execute(mine.values(**columns)):
        db.session.rollback()
        raise Lost


def _execute(statement: object) -> int:
    result = db.session.execute(statement, execution_options=UNSYNCHRONIZED)  # type: ignore[call-overload]
    return int(result.rowcount)
