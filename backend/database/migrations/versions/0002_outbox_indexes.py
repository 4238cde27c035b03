"""outbox: indexes for what is looked for in every turn and at every poll

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NOT_TOLD = sa.text("state IN ('kept', 'unknown')")
KNOWN = sa.text("provider_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_outbox_not_told",
        "outbox",
        ["citizen_id", "id"],
        sqlite_where=NOT_TOLD,
        postgresql_where=NOT_TOLD,
    )
    op.create_index(
        "ix_outbox_provider_id",
        "outbox",
        ["account_id", "provider_id"],
        sqlite_where=KNOWN,
        postgresql_where=KNOWN,
    )
    op.drop_index("ix_outbox_account_id_provider_id", "outbox")


def downgrade() -> None:
    op.create_index("ix_outbox_account_id_provider_id", "outbox", ["account_id", "provider_id"])
    op.drop_index("ix_outbox_provider_id", "outbox")
    op.drop_index("ix_outbox_not_told", "outbox")
