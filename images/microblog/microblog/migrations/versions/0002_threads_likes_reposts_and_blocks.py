"""Replies, likes, reposts, mentions, hashtags, and who does not see whom.

Only additions: the code of 0001 goes on working, because each new column has a default.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"

STORAGE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
}
# SQLite's table is made anew for the longer text, and would begin to use the numbers of deleted posts again.
AUTOINCREMENT = {"sqlite_autoincrement": True}


def upgrade() -> None:
    with op.batch_alter_table("post", table_kwargs=AUTOINCREMENT) as post:
        post.alter_column(
            "body", type_=sa.String(2800), existing_type=sa.String(280), existing_nullable=False
        )
        post.add_column(sa.Column("parent_id", number()))
        post.add_column(sa.Column("links", sa.String(400)))
        for name in ("reply_count", "repost_count", "like_count"):
            post.add_column(count(name))
        post.create_index("ix_post_parent_id_id", ["parent_id", "id"])
        post.create_index("ix_post_user_id_parent_id_id", ["user_id", "parent_id", "id"])
    op.add_column("user", count("repost_count"))
    op.add_column("user", count("hidden_count"))
    for name in ("post_like", "repost"):
        op.create_table(
            name,
            sa.Column("id", number(), primary_key=True, autoincrement=name == "post_like"),
            reference("user_id", "user"),
            reference("post_id", "post"),
            sa.Column("created_at", sa.DateTime(), nullable=False),
            sa.UniqueConstraint("post_id", "user_id", name=f"uq_{name}_post_id"),
            sa.Index(f"ix_{name}_user_id_id", "user_id", "id"),
            **STORAGE,
            **(AUTOINCREMENT if name == "post_like" else {}),
        )
    op.create_table(
        "mention",
        reference("user_id", "user", primary_key=True),
        reference("post_id", "post", primary_key=True),
        sa.Index("ix_mention_post_id", "post_id"),
        **STORAGE,
    )
    op.create_table(
        "post_tag",
        sa.Column("tag", exact(64), primary_key=True),
        reference("post_id", "post", primary_key=True),
        sa.Index("ix_post_tag_post_id", "post_id"),
        **STORAGE,
    )
    op.create_table(
        "deleted_post",
        sa.Column("id", number(), primary_key=True, autoincrement=False),
        sa.Column("parent_id", number()),
        sa.Index("ix_deleted_post_parent_id_id", "parent_id", "id"),
        **STORAGE,
    )
    op.create_table(
        "hidden",
        reference("reader_id", "user", primary_key=True),
        reference("author_id", "user", primary_key=True),
        *(
            sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
            for name in ("mutes", "blocks", "blocked")
        ),
        sa.Index("ix_hidden_author_id", "author_id"),
        **STORAGE,
    )


def downgrade() -> None:
    for table in ("hidden", "deleted_post", "post_tag", "mention", "repost", "post_like"):
        op.drop_table(table)
    with op.batch_alter_table("user") as user:
        user.drop_column("hidden_count")
        user.drop_column("repost_count")
    # What is longer than the old column would be cut off by SQLite never, by MariaDB not without asking.
    with op.batch_alter_table("post", table_kwargs=AUTOINCREMENT) as post:
        post.drop_index("ix_post_user_id_parent_id_id")
        post.drop_index("ix_post_parent_id_id")
        for name in ("like_count", "repost_count", "reply_count", "links", "parent_id"):
            post.drop_column(name)


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def reference(name: str, table: str, **options: Any) -> sa.Column[int]:
    return sa.Column(
        name, number(), sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False, **options
    )


def exact(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
