"""What was reported stays with its case: the picture of a post, the name and the words of a person."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    case = sa.ForeignKey("moderation_case.id", ondelete="CASCADE")
    # Empty in what the release before writes, as in cases about posts.
    op.add_column("moderation_case", sa.Column("name", sa.String(64)))
    op.add_column("moderation_case", sa.Column("about", sa.String(280)))
    op.create_table(
        "case_image",
        sa.Column("case_id", number, case, primary_key=True, autoincrement=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(500), nullable=False),
        sa.Column("content", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql"), nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )


def downgrade() -> None:
    op.drop_table("case_image")
    op.drop_column("moderation_case", "about")
    op.drop_column("moderation_case", "name")
