"""Roles, suspensions, reports and their cases, posts removed by moderation, and the audit trail."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"

STORAGE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}


def upgrade() -> None:
    op.add_column("user", sa.Column("role", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "deleted_post", sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "suspension",
        sa.Column("user_id", *person("CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        **STORAGE,
    )
    op.create_table(
        "moderation_case",
        sa.Column("id", number(), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("open_key", exact(32), nullable=True),
        sa.Column("subject_id", *person("CASCADE"), nullable=False),
        sa.Column("post_id", number(), nullable=True),
        sa.Column("body", sa.String(2800), nullable=False),
        sa.Column("report_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decided_by", *person("SET NULL"), nullable=True),
        sa.Column("appeal", sa.String(500), nullable=False),
        sa.Column("answer", sa.String(500), nullable=False),
        sa.UniqueConstraint("open_key", name="uq_moderation_case_open_key"),
        sa.Index("ix_moderation_case_state_id", "state", "id"),
        sa.Index("ix_moderation_case_subject_id_id", "subject_id", "id"),
        sqlite_autoincrement=True,
        **STORAGE,
    )
    op.create_table(
        "report",
        sa.Column("id", number(), primary_key=True),
        sa.Column(
            "case_id", number(), sa.ForeignKey("moderation_case.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("reporter_id", *person("SET NULL"), nullable=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("case_id", "reporter_id", name="uq_report_case_id"),
        **STORAGE,
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", number(), primary_key=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("actor_id", number(), nullable=True),
        sa.Column("subject_id", number(), nullable=True),
        sa.Column("case_id", number(), nullable=True),
        sa.Column("post_id", number(), nullable=True),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("network", sa.String(45), nullable=False),
        sa.Index("ix_audit_entry_act_id", "act", "id"),
        sa.Index("ix_audit_entry_actor_id_id", "actor_id", "id"),
        sa.Index("ix_audit_entry_subject_id_id", "subject_id", "id"),
        sqlite_autoincrement=True,
        **STORAGE,
    )


def downgrade() -> None:
    op.drop_table("audit_entry")
    op.drop_table("report")
    op.drop_table("moderation_case")
    op.drop_table("suspension")
    # Without batch mode: a table that SQLite makes anew loses its triggers, and the search with them.
    op.drop_column("deleted_post", "removed")
    op.drop_column("user", "role")


def person(when_they_leave: str) -> tuple[Any, ...]:
    return number(), sa.ForeignKey("user.id", ondelete=when_they_leave)


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def exact(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
