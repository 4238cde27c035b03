"""outbox: what rides back with a webhook's reply; rows of a petition by index

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("rides_with", Id, nullable=True))
    op.create_index("ix_outbox_petition_id", "outbox", ["petition_id"])


def downgrade() -> None:
    op.drop_index("ix_outbox_petition_id", "outbox")
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_column("rides_with")
