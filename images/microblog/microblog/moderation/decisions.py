"""What moderators decide, and what the person may answer: one transaction each, with its audit entry.

The person is locked first, as everywhere, then the case; of two who decide at once the first does.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update

from .. import audit, suspensions
from ..audit import Act
from ..database import db
from ..mail import outbox
from ..models import Post, User
from ..oversight import Case
from ..posts import writing
from ..times import now
from .cases import UNSYNCHRONIZED, Outcome, State, as_they_are, behind, lock
from .role_changes import refuse_last_admin


def dismiss(actor: User, case: Case, subject: User, reason: str) -> bool:
    """Nothing is wrong, and nobody is told. False when somebody else decided meanwhile, as below."""
    if not _take(actor, case, subject, State.OPEN, State.CLOSED, outcome=Outcome.DISMISSED, reason=reason):
        return False
    _finish(Act.DISMISSED, actor, case, subject, reason, told=False)
    return True


def remove_post(actor: User, case: Case, subject: User, reason: str) -> bool:
    """Take the post away for good; its place says so."""
    if not _take(actor, case, subject, State.OPEN, State.DECIDED, outcome=Outcome.REMOVED, reason=reason):
        return False
    there = exists().where(Post.id == case.post_id, Post.user_id == subject.id)
    if case.post_id and db.session.scalar(select(there)):
        writing.take_out(subject.id, case.post_id, by_moderation=True)
    _finish(Act.POST_REMOVED, actor, case, subject, reason)
    return True


def suspend(actor: User, case: Case, subject: User, reason: str, until: datetime) -> bool:
    """Keep the person out. Raises LastAdmin."""
    refuse_last_admin(subject)
    values = {"outcome": Outcome.SUSPENDED, "reason": reason, "until": until}
    if not _take(actor, case, subject, State.OPEN, State.DECIDED, **values):
        return False
    suspensions.begin(subject, until, reason, case.id)
    _finish(Act.SUSPENDED, actor, case, subject, reason)
    return True


def suspend_unreported(actor: User | None, subject: User, reason: str, until: datetime) -> None:
    """Keep a person out whom nobody reported; without an actor it is the operator.

    Raises LastAdmin, and HasLeft as everything here does.
    """
    refuse_last_admin(subject)
    lock(subject)
    values = {"outcome": Outcome.SUSPENDED, "reason": reason, "until": until}
    case = _unreported(subject, state=State.DECIDED, **values, **_decided_by(actor))
    suspensions.begin(subject, until, reason, case.id)
    _finish(Act.SUSPENDED, actor, case, subject, reason)


def lift(actor: User | None, subject: User, reason: str) -> bool:
    """Let a person in again before the time; False when they are not suspended."""
    lock(subject)
    suspension = suspensions.of(subject)
    if suspension is None or not suspensions.end(subject):
        db.session.rollback()
        return False
    lifted = {"state": State.CLOSED, "outcome": Outcome.LIFTED, "answer": reason, **_decided_by(actor)}
    lasting = (Case.subject_id == subject.id, Case.outcome == Outcome.SUSPENDED, Case.until > now())
    db.session.execute(update(Case).where(*lasting).values(lifted), execution_options=UNSYNCHRONIZED)
    # A case is kept for a year, a suspension as long as it was meant to.
    case = behind(suspension) or _unreported(subject, **lifted)
    _finish(Act.SUSPENSION_LIFTED, actor, case, subject, reason)
    return True


def appeal(case: Case, subject: User, words: str) -> bool:
    """Answer a decision about oneself; False when one has, or it was taken back."""
    if not _move(case, subject, State.DECIDED, state=State.APPEALED, appeal=words):
        return False
    audit.record(Act.APPEALED, subject, subject, case_id=case.id, post_id=case.post_id)
    db.session.commit()
    return True


def deny(actor: User, case: Case, subject: User, answer: str) -> bool:
    """The decision stays, now for good."""
    if not _take(actor, case, subject, State.APPEALED, State.CLOSED, answer=answer):
        return False
    _finish(Act.APPEAL_DENIED, actor, case, subject, answer)
    return True


def grant(actor: User, case: Case, subject: User, answer: str) -> bool:
    """The decision was wrong: a suspension by it ends; a post that was removed cannot be brought back."""
    values = {"outcome": Outcome.LIFTED, "answer": answer}
    if not _take(actor, case, subject, State.APPEALED, State.CLOSED, **values):
        return False
    if case.outcome == Outcome.SUSPENDED:
        suspensions.take_back(subject, case)
    _finish(Act.APPEAL_GRANTED, actor, case, subject, answer)
    return True


def _take(actor: User, case: Case, subject: User, before: State, after: State, **values: Any) -> bool:
    return _move(case, subject, before, state=after, open_key=None, **_decided_by(actor), **values)


def _decided_by(actor: User | None) -> dict[str, Any]:
    return {"decided_at": now(), "decided_by": actor.id if actor else None}


def _unreported(subject: User, **values: Any) -> Case:
    """A case that no report began."""
    case = Case(subject_id=subject.id, **as_they_are(subject), **values)
    db.session.add(case)
    db.session.flush()
    return case


def _move(case: Case, subject: User, before: State, **values: Any) -> bool:
    lock(subject)
    moved = update(Case).where(Case.id == case.id, Case.state == before).values(values)
    result = db.session.execute(moved, execution_options=UNSYNCHRONIZED)
    if result.rowcount == 1:  # type: ignore[attr-defined]
        return True
    db.session.rollback()
    return False


def _finish(act: Act, actor: User | None, case: Case, subject: User, reason: str, told: bool = True) -> None:
    audit.record(act, actor, subject, case_id=case.id, post_id=case.post_id, words=reason)
    if told:
        outbox.tell(subject, case.id)
    db.session.commit()
