"""A picture as it is stored: beside its post, so that every host has it and it goes when the post goes.

One that was reported stays beside its case as well.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..models import STORAGE, Base, Blob, Number, UtcDateTime, exact
from ..times import now

ALT_LENGTH = 500
DIGEST_LENGTH = 32


class Image(Base):
    """The picture of a post: what a page must know to show it."""

    __tablename__ = "image"
    __table_args__ = (Index("ix_image_user_id", "user_id"), STORAGE)

    post_id: Mapped[int] = mapped_column(
        Number, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    # Part of the address, which therefore never has another content.
    digest: Mapped[str] = mapped_column(exact(DIGEST_LENGTH))
    width: Mapped[int]
    height: Mapped[int]
    alt: Mapped[str] = mapped_column(String(ALT_LENGTH))
    # Of all its files, for the limit of each person.
    byte_count: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ImageFile(Base):
    """The picture in one width, as WebP."""

    __tablename__ = "image_file"
    __table_args__ = (ForeignKeyConstraint(["post_id"], ["image.post_id"], ondelete="CASCADE"), STORAGE)

    post_id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    width: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(Blob)


class CaseImage(Base):
    """The picture of a post that was reported, in its smallest width, as long as the case is kept."""

    __tablename__ = "case_image"
    __table_args__ = STORAGE

    case_id: Mapped[int] = mapped_column(
        Number, ForeignKey("moderation_case.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # Of the whole picture, whose shape this has.
    width: Mapped[int]
    height: Mapped[int]
    alt: Mapped[str] = mapped_column(String(ALT_LENGTH))
    content: Mapped[bytes] = mapped_column(Blob)
