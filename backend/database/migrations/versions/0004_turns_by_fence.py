"""turn: open ones by index; numbered by the lease's fence, so the conversation counts none

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("committed_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_turn_open", "turn", ["citizen_id", "seq"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    # No turn may get a number that an earlier one has.
    op.execute("UPDATE conversation SET fence = turn_seq WHERE turn_seq > fence")
    # A message belonged to its turn from the beginning; now from the commit on.
    op.execute("UPDATE message SET turn_id = NULL WHERE handled_at IS NULL")
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.drop_column("turn_seq")


def downgrade() -> None:
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.add_column(
            sa.Column("turn_seq", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
    op.execute("UPDATE conversation SET turn_seq = fence")
    op.drop_index("ix_turn_open", "turn")
