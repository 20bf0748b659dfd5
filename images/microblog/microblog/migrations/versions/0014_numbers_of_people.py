"""Nobody gets the number of somebody who left, which is what the audit trail knows people by.

MariaDB never gives a number twice; SQLite has to be told.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    # The table is made anew and loses its triggers, which the search needs.
    of_search = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'user'"
    triggers = connection.scalars(sa.text(of_search)).all()
    with op.batch_alter_table("user", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass
    for trigger in triggers:
        op.execute(trigger)
    # Of those who left already, too.
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'user'")
    op.execute(
        """
        INSERT INTO sqlite_sequence (name, seq) SELECT 'user', MAX(number) FROM (
            SELECT 0 AS number UNION SELECT MAX(id) FROM user
            UNION SELECT MAX(actor_id) FROM audit_entry UNION SELECT MAX(subject_id) FROM audit_entry
        )
        """
    )


def downgrade() -> None:
    pass  # the code of before writes into it as it did
