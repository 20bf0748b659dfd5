"""Pictures of posts, and the language each post is in."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"

STORAGE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}


def upgrade() -> None:
    op.add_column("post", sa.Column("language", sa.String(16)))
    op.create_table(
        "image",
        sa.Column(
            "post_id",
            number(),
            sa.ForeignKey("post.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("user_id", number(), sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("digest", exact(32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(500), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Index("ix_image_user_id", "user_id"),
        **STORAGE,
    )
    op.create_table(
        "image_file",
        sa.Column(
            "post_id",
            number(),
            sa.ForeignKey("image.post_id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("width", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("content", blob(), nullable=False),
        **STORAGE,
    )


def downgrade() -> None:
    op.drop_table("image_file")
    op.drop_table("image")
    with op.batch_alter_table("post", table_kwargs={"sqlite_autoincrement": True}) as post:
        post.drop_column("language")


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def blob() -> sa.types.TypeEngine[bytes]:
    return sa.LargeBinary().with_variant(mysql.MEDIUMBLOB, "mysql")


def exact(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
