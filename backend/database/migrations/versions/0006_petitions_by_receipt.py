"""petition: by the time it was received, for overviews of a period

Revision ID: 0006
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_petition_received_at", "petition", ["received_at"])


def downgrade() -> None:
    op.drop_index("ix_petition_received_at", "petition")
