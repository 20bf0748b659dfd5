"""The language that each person reads, for mail that others cause."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("user", sa.Column("language", sa.String(16)))


def downgrade() -> None:
    op.drop_column("user", "language")
