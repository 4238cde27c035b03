"""petition: by the time it was received, for overviews of a period

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_petition_received_at", "petition", ["received_at"])


def downgrade() -> None:
    op.drop_index("ix_petition_received_at", "petition")
