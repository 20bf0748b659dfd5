"""Where people are logged in, letters with their links, and how often something may be tried."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"

STORAGE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}


def upgrade() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", number(), primary_key=True),
        sa.Column("user_id", number(), sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("token_hash", exact(64), nullable=False),
        sa.Column("user_agent", sa.String(200), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("last_used", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_token_hash"),
        sa.Index("ix_sign_in_user_id", "user_id"),
        sa.Index("ix_sign_in_expires_at", "expires_at"),
        **STORAGE,
    )
    op.create_table(
        "letter",
        sa.Column("id", number(), primary_key=True),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("user_id", number(), sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=True),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("username", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("token_hash", exact(64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("token_hash", name="uq_letter_token_hash"),
        sa.Index("ix_letter_user_id", "user_id"),
        sa.Index("ix_letter_due_at", "due_at"),
        sa.Index("ix_letter_email", "email"),
        **STORAGE,
    )
    op.create_table(
        "allowance",
        sa.Column("key", exact(64), primary_key=True),
        sa.Column("free_at", number(), nullable=False),
        sa.Index("ix_allowance_free_at", "free_at"),
        **STORAGE,
    )


def downgrade() -> None:
    op.drop_table("allowance")
    op.drop_table("letter")
    op.drop_table("sign_in")


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def exact(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
