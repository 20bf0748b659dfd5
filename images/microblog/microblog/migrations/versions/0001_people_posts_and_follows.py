"""People, their posts, and who follows whom."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

STORAGE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}


def upgrade() -> None:
    op.create_table(
        "user",
        sa.Column("id", number(), primary_key=True),
        sa.Column("username", sa.String(32), nullable=False),
        sa.Column("username_key", exact(32), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("display_name", sa.String(64), nullable=False),
        sa.Column("about", sa.String(280), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen", sa.DateTime(), nullable=False),
        sa.Column("post_count", sa.Integer(), nullable=False),
        sa.Column("follower_count", sa.Integer(), nullable=False),
        sa.Column("following_count", sa.Integer(), nullable=False),
        sa.UniqueConstraint("username_key", name="uq_user_username_key"),
        sa.UniqueConstraint("email", name="uq_user_email"),
        **STORAGE,
    )
    op.create_table(
        "post",
        sa.Column("id", number(), primary_key=True),
        sa.Column("user_id", number(), sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("body", sa.String(280), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        # In the statement itself: MariaDB then needs no index of its own for the foreign key.
        sa.Index("ix_post_user_id_id", "user_id", "id"),
        sqlite_autoincrement=True,
        **STORAGE,
    )
    op.create_table(
        "follow",
        sa.Column("follower_id", number(), sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("followed_id", number(), sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Index("ix_follow_followed_id", "followed_id", "follower_id"),
        **STORAGE,
    )


def downgrade() -> None:
    op.drop_table("follow")
    op.drop_table("post")
    op.drop_table("user")


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def exact(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
