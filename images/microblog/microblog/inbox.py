"""What reaches one person alone: messages from others, and news of what others did."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from .models import STORAGE, Base, Number, UtcDateTime
from .times import now

MESSAGE_LENGTH = 1000  # as a person counts
MESSAGE_STORAGE_LENGTH = 10 * MESSAGE_LENGTH


class Conversation(Base):
    """What two people write to each other. It is there while one of them has something of it."""

    __tablename__ = "conversation"
    __table_args__ = STORAGE

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Participant(Base):
    """One person's side of a conversation; other_id is None once the other has left."""

    __tablename__ = "participant"
    __table_args__ = (
        UniqueConstraint("user_id", "other_id"),
        Index("ix_participant_user_id_last_message_id", "user_id", "last_message_id"),
        Index("ix_participant_user_id_unread", "user_id", "unread"),
        Index("ix_participant_other_id", "other_id"),
        STORAGE,
    )

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    # Whether the person follows the other or has written to them; until then it is a request.
    accepted: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Messages of the other that the person has not read; those of a request and of the muted count nothing.
    unread: Mapped[int] = mapped_column(default=0, server_default="0")
    # 0 while there is nothing to show.
    last_message_id: Mapped[int] = mapped_column(Number, default=0, server_default="0")
    # The person deleted their copy up to here.
    deleted_to: Mapped[int] = mapped_column(Number, default=0, server_default="0")


class Message(Base):
    """A line in a conversation. Ids only ever grow, so they are the order."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation_id_id", "conversation_id", "id"),
        Index("ix_message_sender_id_conversation_id_id", "sender_id", "conversation_id", "id"),
        {"sqlite_autoincrement": True, **STORAGE},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(String(MESSAGE_STORAGE_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Notification(Base):
    """Somebody did something that concerns a person; taken back, it is gone, or kept out of sight (see news).

    Neither person is a foreign key on purpose: with one, two who like each other's posts at once would each
    wait for the other's row. Who leaves takes theirs along (account/leaving.py).
    """

    __tablename__ = "notification"
    __table_args__ = (
        Index("ix_notification_user_id_id_kind", "user_id", "id", "kind"),
        Index("ix_notification_actor_id_kind_post_id", "actor_id", "kind", "post_id"),
        Index("ix_notification_post_id_kind_id", "post_id", "kind", "id"),
        {"sqlite_autoincrement": True, **STORAGE},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    user_id: Mapped[int] = mapped_column(Number)
    actor_id: Mapped[int] = mapped_column(Number)
    # A news.Kind, or what one becomes that was taken back.
    kind: Mapped[str] = mapped_column(String(16))
    # The liked or reposted post, or the one that answers or names the person.
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
