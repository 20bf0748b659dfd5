"""Cases: what was reported, by whom, and the queue in which it waits for a moderator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, and_, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from ..database import db
from ..images.models import CaseImage, Image, ImageFile
from ..leavers import HasLeft
from ..models import User
from ..oversight import Case, Report, Suspension
from ..pages import Entry, Page
from ..roles import moderated_by
from ..times import now

# What was decided, and the words of the reports, for a year.
KEPT = timedelta(days=365)
MOST_REPORTS_SHOWN = 50
MOST_EARLIER_SHOWN = 10
MOST_TOLD = 100
UNSYNCHRONIZED = {"synchronize_session": False}


class State(StrEnum):
    """Where a case is on its way."""

    OPEN = "open"
    DECIDED = "decided"  # the person may answer, once
    APPEALED = "appealed"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What was decided."""

    DISMISSED = "dismissed"
    REMOVED = "removed"
    SUSPENDED = "suspended"
    LIFTED = "lifted"


WAITING = (State.OPEN, State.APPEALED)
DONE = (State.DECIDED, State.CLOSED)
# Of these the person hears.
TOLD = (Outcome.REMOVED, Outcome.SUSPENDED, Outcome.LIFTED)


@dataclass(frozen=True)
class Listed:
    """A case in a list."""

    place: int
    state: str
    post_id: int | None
    body: str
    report_count: int
    created_at: datetime
    outcome: str | None
    username: str

    @property
    def id(self) -> int:
        """The number of the case, which is its place."""
        return self.place


@dataclass(frozen=True)
class ReportShown:
    """A report as moderators read it; a reporter who left has no name."""

    reason: str
    words: str
    created_at: datetime
    reporter: str | None


def report(reporter: User, subject: User, reason: str, words: str, post: Entry | None = None) -> None:
    """Report a post, or a person; once for each case that is open."""
    row = {"reporter_id": reporter.id, "reason": reason, "words": words, "created_at": now()}
    # The second time for a case or a report that came between our question and our answer.
    for _attempt in range(2):
        lock(reporter, subject)
        try:
            case_id = _open(subject, post)
            if not _has_reported(reporter, case_id):
                db.session.execute(insert(Report).values(row | {"case_id": case_id}))
                counted = update(Case).where(Case.id == case_id)
                db.session.execute(counted.values(report_count=Case.report_count + 1))
        except IntegrityError:
            db.session.rollback()
        else:
            db.session.commit()
            return


def queue(actor: User, states: Sequence[State], after: int, size: int) -> Page[Listed]:
    """The cases in these states that one may decide, the oldest first."""
    query = _listed().where(moderated_by(actor), Case.state.in_(states), Case.id > after)
    rows = db.session.execute(query.order_by(Case.id).limit(size + 1))
    return Page.of([Listed(*row) for row in rows], size)


def latest(actor: User, before: int, size: int) -> Page[Listed]:
    """The cases that were decided, those begun last first."""
    query = _listed().where(moderated_by(actor), Case.state.in_(DONE), Case.id < before)
    rows = db.session.execute(query.order_by(Case.id.desc()).limit(size + 1))
    return Page.of([Listed(*row) for row in rows], size)


def about(subject: User) -> Sequence[Case]:
    """The last cases about one person, the newest first."""
    query = select(Case).where(Case.subject_id == subject.id)
    return db.session.scalars(query.order_by(Case.id.desc()).limit(MOST_EARLIER_SHOWN)).all()


def told(subject: User) -> Sequence[Case]:
    """What was decided about one person as far as it is theirs to know, the last decision first."""
    query = select(Case).where(Case.subject_id == subject.id, Case.outcome.in_(TOLD))
    return db.session.scalars(query.order_by(Case.decided_at.desc(), Case.id.desc()).limit(MOST_TOLD)).all()


def behind(suspension: Suspension) -> Case | None:
    """The case in which a suspension was decided, while it is kept."""
    query = select(Case).where(Case.id == suspension.case_id)
    if suspension.case_id is None:
        # The release before wrote it, which knew no number: of those that were decided alike, the last one.
        alike = Case.until == suspension.until, Case.reason == suspension.reason
        mine = Case.subject_id == suspension.user_id, Case.outcome == Outcome.SUSPENDED, *alike
        query = select(Case).where(*mine).order_by(Case.id.desc()).limit(1)
    return db.session.scalar(query)


def find(case_id: int, actor: User) -> tuple[Case, User] | None:
    """A case and whom it is about, if one may decide it."""
    query = select(Case, User).join(User, User.id == Case.subject_id)
    row = db.session.execute(query.where(Case.id == case_id, moderated_by(actor))).one_or_none()
    return (row[0], row[1]) if row else None


def reports(case: Case) -> Sequence[ReportShown]:
    """The first reports of a case."""
    columns = (Report.reason, Report.words, Report.created_at, User.username)
    query = select(*columns).outerjoin(User, User.id == Report.reporter_id).where(Report.case_id == case.id)
    rows = db.session.execute(query.order_by(Report.id).limit(MOST_REPORTS_SHOWN))
    return [ReportShown(*row) for row in rows]


def picture(case: Case) -> Row[int, int, str] | None:
    """The measures and the description of the picture that is kept with a case."""
    wanted = select(CaseImage.width, CaseImage.height, CaseImage.alt).where(CaseImage.case_id == case.id)
    return db.session.execute(wanted).one_or_none()


def picture_file(case: Case) -> bytes | None:
    """The picture that is kept with a case."""
    return db.session.scalar(select(CaseImage.content).where(CaseImage.case_id == case.id))


def lock(*people: User) -> None:
    """Hold the rows of people until the end of the transaction, the smaller id before the other.

    Raises HasLeft when one of them is gone.
    """
    for user_id in sorted({user.id for user in people}):
        held = update(User).where(User.id == user_id).values(role=User.role)
        if not db.session.execute(held, execution_options=UNSYNCHRONIZED).rowcount:  # type: ignore[attr-defined]
            raise HasLeft


def tidy() -> None:
    """Remove what was decided long ago, with its reports; a suspension stays as long as it was meant to."""
    long_ago = and_(Case.state.in_(DONE), Case.decided_at < now() - KEPT)
    db.session.execute(delete(Case).where(long_ago), execution_options=UNSYNCHRONIZED)
    db.session.commit()


def _listed() -> Select[Any]:
    columns: tuple[Any, ...] = (
        Case.id,
        Case.state,
        Case.post_id,
        Case.body,
        Case.report_count,
        Case.created_at,
        Case.outcome,
        User.username,
    )
    return select(*columns).join(User, User.id == Case.subject_id)


def _open(subject: User, post: Entry | None) -> int:
    """The number of the open case about a post or a person, which begins if there is none."""
    key = f"post {post.id}" if post else f"person {subject.id}"
    found = db.session.scalar(select(Case.id).where(Case.open_key == key))
    if found is not None:
        return found
    case = Case(
        state=State.OPEN,
        open_key=key,
        subject_id=subject.id,
        post_id=post.id if post else None,
        body=(post.body or "") if post else "",
        **({} if post else as_they_are(subject)),
    )
    db.session.add(case)
    db.session.flush()
    if post:
        _keep_picture(case.id, post.id)
    return case.id


def as_they_are(subject: User) -> dict[str, str]:
    """What a case about a person keeps of them."""
    return {"name": subject.name, "about": subject.about}


def _keep_picture(case_id: int, post_id: int) -> None:
    columns = (literal(case_id), Image.width, Image.height, Image.alt, ImageFile.content)
    smallest = select(*columns).join(ImageFile, ImageFile.post_id == Image.post_id)
    smallest = smallest.where(Image.post_id == post_id).order_by(ImageFile.width).limit(1)
    kept = insert(CaseImage).from_select(["case_id", "width", "height", "alt", "content"], smallest)
    db.session.execute(kept)


def _has_reported(reporter: User, case_id: int) -> bool:
    mine = select(Report.id).where(Report.case_id == case_id, Report.reporter_id == reporter.id)
    return db.session.scalar(mine) is not None
