"""What keeps order: suspensions, reports and the cases they make, and the trail of who did what."""

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .models import ABOUT_LENGTH, BODY_LENGTH, NAME_LENGTH, STORAGE, Base, Number, UtcDateTime, exact
from .times import now

WORDS_LENGTH = 500
ADDRESS_LENGTH = 45
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class Suspension(Base):
    """A person who is kept out. It counts until its end, without anybody doing anything then."""

    __tablename__ = "suspension"
    __table_args__ = (STORAGE,)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    # Shown to the person.
    reason: Mapped[str] = mapped_column(String(WORDS_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # The case that it was decided in. No foreign key on purpose: the suspension may outlive the case.
    case_id: Mapped[int | None] = mapped_column(Number)


class Case(Base):
    """A post or a person that somebody reported, until it is decided, and what was decided."""

    __tablename__ = "moderation_case"
    __table_args__ = (
        Index("ix_moderation_case_state_id", "state", "id"),
        Index("ix_moderation_case_subject_id_id", "subject_id", "id"),
        {"sqlite_autoincrement": True, **STORAGE},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    # What the case is about while it is open, so that there is one for all who report the same.
    open_key: Mapped[str | None] = mapped_column(exact(32), unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    # No foreign key on purpose: the case outlives the post, and so does what was reported.
    post_id: Mapped[int | None] = mapped_column(Number)
    body: Mapped[str] = mapped_column(String(BODY_LENGTH), default="")
    # The person as they were, in a case about a person; none in those of before.
    name: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    about: Mapped[str | None] = mapped_column(String(ABOUT_LENGTH))
    report_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    outcome: Mapped[str | None] = mapped_column(String(16))
    # Shown to the person.
    reason: Mapped[str] = mapped_column(String(WORDS_LENGTH), default="")
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    appeal: Mapped[str] = mapped_column(String(WORDS_LENGTH), default="")
    answer: Mapped[str] = mapped_column(String(WORDS_LENGTH), default="")


class Report(Base):
    """Somebody says that something is not right with a post or a person."""

    __tablename__ = "report"
    __table_args__ = (UniqueConstraint("case_id", "reporter_id"), STORAGE)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("moderation_case.id", ondelete="CASCADE"))
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(String(WORDS_LENGTH), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class AuditEntry(Base):
    """Who did what to whom, when, why and from where. People are numbers here: who leaves keeps no name."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_act_id", "act", "id"),
        Index("ix_audit_entry_actor_id_id", "actor_id", "id"),
        Index("ix_audit_entry_subject_id_id", "subject_id", "id"),
        {"sqlite_autoincrement": True, **STORAGE},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    act: Mapped[str] = mapped_column(String(32))
    actor_id: Mapped[int | None] = mapped_column(Number)
    subject_id: Mapped[int | None] = mapped_column(Number)
    case_id: Mapped[int | None] = mapped_column(Number)
    post_id: Mapped[int | None] = mapped_column(Number)
    words: Mapped[str] = mapped_column(String(WORDS_LENGTH), default="")
    network: Mapped[str] = mapped_column(String(ADDRESS_LENGTH), default="")
