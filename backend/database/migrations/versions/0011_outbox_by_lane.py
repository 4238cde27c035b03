"""outbox: open rows by lane and account, so that a waiting mass push delays no answer

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('queued', 'sending')")


def upgrade() -> None:
    _index(["lane", "account_id", "due_at", "id"])


def downgrade() -> None:
    _index(["due_at", "id"])


def _index(columns: list[str]) -> None:
    op.drop_index("ix_outbox_open", "outbox")
    op.create_index("ix_outbox_open", "outbox", columns, sqlite_where=OPEN, postgresql_where=OPEN)
