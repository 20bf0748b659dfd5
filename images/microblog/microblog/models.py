"""What is stored: people, their posts, who follows whom, and what keeps accounts safe."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .times import now

POST_LENGTH = 280  # as a person counts
# One character on the screen may be several in storage: a family in one emoji is seven.
BODY_LENGTH = 10 * POST_LENGTH
LINKS_LENGTH = 400
LANGUAGE_LENGTH = 16
NAME_LENGTH = 64
ABOUT_LENGTH = 280
EMAIL_LENGTH = 254
USER_AGENT_LENGTH = 200

# SQLite numbers rows by itself only in a column called exactly INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, to the second; always aware in Python."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def exact(length: int) -> String:
    """Text in which every character counts; elsewhere MariaDB takes e and é for the same."""
    return String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")


# Up to 16 MiB in one row.
Blob = LargeBinary().with_variant(mysql.MEDIUMBLOB, "mysql")


def full_text(name: str, *columns: str) -> Index:
    """An index of MariaDB over the words; SQLite has a table for that (migration 0006)."""
    return Index(name, *columns, mysql_prefix="FULLTEXT").ddl_if(dialect="mysql")


class Base(DeclarativeBase):
    """The common parent of the tables."""

    metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"})


STORAGE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


class User(Base):
    """A person. The counts change in the same transaction as the rows they count."""

    __tablename__ = "user"
    __table_args__ = (
        full_text("ft_user", "username", "display_name", "about"),
        {"sqlite_autoincrement": True, **STORAGE},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    username: Mapped[str] = mapped_column(String(32))
    username_key: Mapped[str] = mapped_column(exact(32), unique=True)
    email: Mapped[str] = mapped_column(exact(EMAIL_LENGTH), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    display_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    about: Mapped[str] = mapped_column(String(ABOUT_LENGTH), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    post_count: Mapped[int] = mapped_column(default=0)
    follower_count: Mapped[int] = mapped_column(default=0)
    following_count: Mapped[int] = mapped_column(default=0)
    # About how many: not lowered when a post that was reposted is deleted. It only chooses a query.
    repost_count: Mapped[int] = mapped_column(default=0, server_default="0")
    # How many people this one does not see; most see everybody, and their pages ask no more.
    hidden_count: Mapped[int] = mapped_column(default=0, server_default="0")
    # The newest notification that the person has seen.
    notifications_seen: Mapped[int] = mapped_column(Number, default=0, server_default="0")
    role: Mapped[int] = mapped_column(default=0, server_default="0")  # see roles
    # What the person chose to read, or else what their browser asked for: for mail that others cause.
    language: Mapped[str | None] = mapped_column(String(LANGUAGE_LENGTH))

    @property
    def name(self) -> str:
        """What to call the person on a page."""
        return self.display_name or self.username


class Post(Base):
    """A short text. Ids only ever grow, so they are the order of every list."""

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_user_id_id", "user_id", "id"),
        Index("ix_post_parent_id_id", "parent_id", "id"),
        Index("ix_post_user_id_parent_id_id", "user_id", "parent_id", "id"),
        full_text("ft_post", "body"),
        {"sqlite_autoincrement": True, **STORAGE},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # The post this one answers. No foreign key on purpose: it stays when that post is deleted.
    parent_id: Mapped[int | None] = mapped_column(Number)
    # Where the mentions and hashtags are in the body: "0-6,15-20".
    links: Mapped[str | None] = mapped_column(String(LINKS_LENGTH))
    # As HTML names it, so that it is pronounced right: what the text is in, or else what its author reads.
    language: Mapped[str | None] = mapped_column(String(LANGUAGE_LENGTH))
    reply_count: Mapped[int] = mapped_column(default=0, server_default="0")
    repost_count: Mapped[int] = mapped_column(default=0, server_default="0")
    like_count: Mapped[int] = mapped_column(default=0, server_default="0")


class Follow(Base):
    """One person follows another."""

    __tablename__ = "follow"
    __table_args__ = (Index("ix_follow_followed_id", "followed_id", "follower_id"), STORAGE)

    follower_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    followed_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


# Accounts and their security.


class SignIn(Base):
    """A browser in which a person is logged in. Its cookie has the token, this row only the token's hash."""

    __tablename__ = "sign_in"
    __table_args__ = (
        Index("ix_sign_in_user_id", "user_id"),
        Index("ix_sign_in_expires_at", "expires_at"),
        STORAGE,
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(exact(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(USER_AGENT_LENGTH))
    remembered: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_used: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """A program that acts for a person. It has the token, this row only the token's hash."""

    __tablename__ = "api_token"
    __table_args__ = (
        Index("ix_api_token_user_id", "user_id"),
        Index("ix_api_token_expires_at", "expires_at"),
        STORAGE,
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    token_hash: Mapped[str] = mapped_column(exact(64), unique=True)
    # "read", "write" or both, with a space between.
    scopes: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_used: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Letter(Base):
    """A mail to be sent, and then the link in it until somebody follows the link.

    The token is made when the mail is sent, so nowhere is a link at rest: here is only its hash.
    """

    __tablename__ = "letter"
    __table_args__ = (
        Index("ix_letter_user_id", "user_id"),
        Index("ix_letter_due_at", "due_at"),
        Index("ix_letter_email", "email"),
        STORAGE,
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(exact(EMAIL_LENGTH))
    language: Mapped[str] = mapped_column(String(16))
    # Of somebody who has registered, until they follow the link.
    username: Mapped[str] = mapped_column(String(32), default="")
    password_hash: Mapped[str] = mapped_column(String(255), default="")
    # What was decided about somebody. No foreign key on purpose: letters are gone long before cases.
    case_id: Mapped[int | None] = mapped_column(Number)
    token_hash: Mapped[str | None] = mapped_column(exact(64), unique=True)
    attempts: Mapped[int] = mapped_column(default=0)
    # When to send it, or to try again; None once it is sent.
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=now)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Allowance(Base):
    """How often something may still be tried: it was used up to this second (see limits)."""

    __tablename__ = "allowance"
    __table_args__ = (Index("ix_allowance_free_at", "free_at"), STORAGE)

    key: Mapped[str] = mapped_column(exact(64), primary_key=True)
    free_at: Mapped[int] = mapped_column(Number)
