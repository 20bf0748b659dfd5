"""A job as it is stored."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from ..models import STORAGE, Base, Number, UtcDateTime, exact
from ..times import now


class Job(Base):
    """What somebody asked for; of each kind a person has one at most.

    While `due_at` lies ahead, a worker has the job (or waits for another try); it moves `due_at` on as long
    as it lives. None once the job is over, one way or the other.
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("user_id", "kind", name="uq_job_user_id"),
        Index("ix_job_due_at", "due_at"),
        Index("ix_job_expires_at", "expires_at"),
        {"sqlite_autoincrement": True, **STORAGE},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    # None for what outlives the account it was made for.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(16))
    # How often it was begun; the number tells a worker that lost its job from the one that has it now.
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=now)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed: Mapped[bool] = mapped_column(default=False, server_default=false())
    result_bytes: Mapped[int] = mapped_column(Number, default=0)
    # Of the link to a result that outlives its account.
    token_hash: Mapped[str | None] = mapped_column(exact(64), unique=True)
    # The row goes then, and the result with it.
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def is_pending(self) -> bool:
        """Whether it waits or is being worked on."""
        return self.due_at is not None

    @property
    def is_ready(self) -> bool:
        """Whether there is a result."""
        return self.finished_at is not None and not self.failed

    @property
    def percent(self) -> int:
        """How far it is; 100 only once it is over."""
        return 100 if self.is_ready else min(99, 100 * self.done // max(1, self.total))
