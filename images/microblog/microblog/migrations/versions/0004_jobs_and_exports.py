"""Background jobs, and the files that exports are made of."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"

STORAGE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", number(), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("user_id", number(), sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=True),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("result_bytes", number(), nullable=False),
        sa.Column("token_hash", exact(64), nullable=True),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("user_id", "kind", name="uq_job_user_id"),
        sa.UniqueConstraint("token_hash", name="uq_job_token_hash"),
        sa.Index("ix_job_due_at", "due_at"),
        sa.Index("ix_job_expires_at", "expires_at"),
        sqlite_autoincrement=True,
        **STORAGE,
    )
    op.create_table(
        "export_chunk",
        sa.Column(
            "job_id",
            number(),
            sa.ForeignKey("job.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("content", blob(), nullable=False),
        **STORAGE,
    )


def downgrade() -> None:
    op.drop_table("export_chunk")
    op.drop_table("job")


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def blob() -> sa.types.TypeEngine[bytes]:
    return sa.LargeBinary().with_variant(mysql.MEDIUMBLOB, "mysql")


def exact(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
