"""the queue of one domain reads no petition whole

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_petition_queue_of_domain",
        "petition",
        ["domain", "state", "due_on", "org_id", "lead_org_id", "confidential", "id"],
    )


def downgrade() -> None:
    op.drop_index("ix_petition_queue_of_domain", "petition")
