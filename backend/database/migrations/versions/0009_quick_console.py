"""indexes for whose petitions these are and for what may be about the same; the state of a
petition among its words

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATES = {
    "received": "\ue000",
    "accepted": "\ue001",
    "dispatched": "\ue002",
    "in_progress": "\ue003",
    "resolved": "\ue004",
    "closed": "\ue005",
    "withdrawn": "\ue006",
}
PETITION = sa.table("petition", sa.column("id", sa.Integer), sa.column("state", sa.String))
SEARCH = sa.table(
    "petition_search", sa.column("petition_id", sa.Integer), sa.column("words", sa.Text)
)


def upgrade() -> None:
    op.drop_index("ix_dispatch_given", "dispatch")
    op.create_index("ix_dispatch_given", "dispatch", ["org_id", "role", "state", "petition_id"])
    op.drop_index("ix_dispatch_petition_id", "dispatch")
    op.create_index(
        "ix_dispatch_of_petition", "dispatch", ["petition_id", "role", "state", "org_id"]
    )
    op.create_index(
        "ix_petition_subject_of_org", "petition_subject", ["org_id", "lifted_at", "petition_id"]
    )
    op.create_index(
        "ix_petition_subject_of_user", "petition_subject", ["user_id", "lifted_at", "petition_id"]
    )
    op.create_index("ix_petition_reopened_id", "petition", ["reopened", "id"])
    op.create_index("ix_petition_domain_received_at", "petition", ["domain", "received_at"])
    op.create_index("ix_petition_place_code_received_at", "petition", ["place_code", "received_at"])
    for state, token in STATES.items():
        op.execute(
            sa.update(SEARCH)
            .where(SEARCH.c.petition_id.in_(_those(state)))
            .values(words=SEARCH.c.words + f" {token}")
        )


def downgrade() -> None:
    for token in STATES.values():
        op.execute(sa.update(SEARCH).values(words=sa.func.replace(SEARCH.c.words, f" {token}", "")))
    op.drop_index("ix_petition_place_code_received_at", "petition")
    op.drop_index("ix_petition_domain_received_at", "petition")
    op.drop_index("ix_petition_reopened_id", "petition")
    op.drop_index("ix_petition_subject_of_user", "petition_subject")
    op.drop_index("ix_petition_subject_of_org", "petition_subject")
    op.drop_index("ix_dispatch_of_petition", "dispatch")
    op.create_index("ix_dispatch_petition_id", "dispatch", ["petition_id"])
    op.drop_index("ix_dispatch_given", "dispatch")
    op.create_index("ix_dispatch_given", "dispatch", ["org_id", "state", "petition_id"])


def _those(state: str) -> sa.Select[tuple[int]]:
    return sa.select(PETITION.c.id).where(PETITION.c.state == state)
