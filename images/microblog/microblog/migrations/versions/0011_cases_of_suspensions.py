"""Which case somebody is suspended by: taken back, it ends no other suspension."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("suspension", sa.Column("case_id", number))
    # Of those that were decided alike, the last one.
    op.execute(
        """
        UPDATE suspension SET case_id = (
            SELECT MAX(decided.id) FROM moderation_case AS decided
            WHERE decided.subject_id = suspension.user_id AND decided.outcome = 'suspended'
            AND decided.until = suspension.until AND decided.reason = suspension.reason
        )
        """
    )


def downgrade() -> None:
    op.drop_column("suspension", "case_id")
