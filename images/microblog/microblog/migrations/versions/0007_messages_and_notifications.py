"""Conversations of two people, and news of what others did."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

STORAGE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}
AUTOINCREMENT = {"sqlite_autoincrement": True}


def upgrade() -> None:
    op.add_column("user", sa.Column("notifications_seen", number(), nullable=False, server_default="0"))
    op.create_table(
        "conversation",
        sa.Column("id", number(), primary_key=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        **STORAGE,
    )
    op.create_table(
        "participant",
        reference("conversation_id", "conversation", primary_key=True),
        reference("user_id", "user", primary_key=True),
        sa.Column("other_id", number(), sa.ForeignKey("user.id", ondelete="SET NULL"), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("unread", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_message_id", number(), nullable=False, server_default="0"),
        sa.Column("deleted_to", number(), nullable=False, server_default="0"),
        sa.UniqueConstraint("user_id", "other_id", name="uq_participant_user_id"),
        sa.Index("ix_participant_user_id_last_message_id", "user_id", "last_message_id"),
        sa.Index("ix_participant_user_id_unread", "user_id", "unread"),
        sa.Index("ix_participant_other_id", "other_id"),
        **STORAGE,
    )
    op.create_table(
        "message",
        sa.Column("id", number(), primary_key=True),
        reference("conversation_id", "conversation"),
        reference("sender_id", "user"),
        sa.Column("body", sa.String(10000), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Index("ix_message_conversation_id_id", "conversation_id", "id"),
        sa.Index("ix_message_sender_id_conversation_id_id", "sender_id", "conversation_id", "id"),
        **STORAGE,
        **AUTOINCREMENT,
    )
    op.create_table(
        "notification",
        sa.Column("id", number(), primary_key=True),
        sa.Column("user_id", number(), nullable=False),
        sa.Column("actor_id", number(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("post_id", number(), sa.ForeignKey("post.id", ondelete="CASCADE"), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Index("ix_notification_user_id_id_kind", "user_id", "id", "kind"),
        sa.Index("ix_notification_actor_id_kind_post_id", "actor_id", "kind", "post_id"),
        sa.Index("ix_notification_post_id_kind_id", "post_id", "kind", "id"),
        **STORAGE,
        **AUTOINCREMENT,
    )


def downgrade() -> None:
    for table in ("notification", "message", "participant", "conversation"):
        op.drop_table(table)
    op.drop_column("user", "notifications_seen")


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def reference(name: str, table: str, **options: Any) -> sa.Column[int]:
    return sa.Column(
        name, number(), sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False, **options
    )
