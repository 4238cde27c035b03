"""WeChat's tries: how many there were of a message, and which of them carries its answer

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", _counter("tries", "1"))
    op.add_column("outbox", sa.Column("carried_for", Id))
    op.add_column("outbox", _counter("carried", "0"))


def _counter(name: str, first: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=first, nullable=False)


def downgrade() -> None:
    op.drop_column("outbox", "carried")
    op.drop_column("outbox", "carried_for")
    op.drop_column("message", "tries")
