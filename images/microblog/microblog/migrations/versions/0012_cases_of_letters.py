"""Which decision a letter tells of: of two that are made at once, each has its own."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("letter", sa.Column("case_id", number))
    # What those that wait would have told: the last decision.
    op.execute(
        """
        UPDATE letter SET case_id = (
            SELECT decided.id FROM moderation_case AS decided
            WHERE decided.subject_id = letter.user_id AND decided.outcome <> 'dismissed'
            ORDER BY decided.decided_at DESC, decided.id DESC LIMIT 1
        )
        WHERE purpose = 'decision'
        """
    )


def downgrade() -> None:
    op.drop_column("letter", "case_id")
