"""every correction kept with the words it is about, to learn from

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_NUMBER = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1\d{10})(?!\d)")

PETITION = sa.table(
    "petition",
    sa.column("id", Id),
    sa.column("text", sa.Text),
    sa.column("contact_name", sa.String),
    sa.column("confidential", sa.Boolean),
)
READING = sa.table(
    "petition_reading",
    sa.column("id", Id),
    sa.column("petition_id", Id),
    sa.column("field", sa.String),
    sa.column("value", sa.String),
    sa.column("confidence", sa.Float),
    sa.column("model", sa.String),
    sa.column("corrected_to", sa.String),
    sa.column("corrected_by", Id),
    sa.column("corrected_at", UtcDateTime()),
)


def upgrade() -> None:
    op.create_table(
        "petition_correction",
        sa.Column("id", Id, nullable=False),
        sa.Column("petition_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("model", sa.String(64)),
        sa.Column("read", sa.String(255)),
        sa.Column("confidence", sa.Float()),
        sa.Column("held", sa.String(255)),
        sa.Column("said", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_correction_petition_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_petition_correction_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_correction")),
    )
    op.create_index(
        "ix_petition_correction_petition_id_id", "petition_correction", ["petition_id", "id"]
    )
    _bring_in_earlier()


def _bring_in_earlier() -> None:
    """What was corrected before is there as the last word beside each reading."""
    found = op.get_bind().execute(
        sa.select(READING, PETITION.c.text, PETITION.c.contact_name, PETITION.c.confidential)
        .join(PETITION, PETITION.c.id == READING.c.petition_id)
        .where(READING.c.corrected_to.is_not(None), READING.c.corrected_by.is_not(None))
        .order_by(READING.c.corrected_at, READING.c.id)
    )
    columns = ("petition_id", "at", "user_id", "field", "text", "model", "read", "confidence")
    kept = sa.table("petition_correction", *map(sa.column, (*columns, "held", "said")))
    kept.c.at.type = UtcDateTime()
    rows = [
        {
            "petition_id": row.petition_id,
            "at": row.corrected_at,
            "user_id": row.corrected_by,
            "field": row.field,
            "text": None if row.confidential else _masked(row.text, row.contact_name),
            "model": row.model,
            "read": row.value,
            "confidence": row.confidence,
            "held": row.value,
            "said": row.corrected_to,
        }
        for row in found
    ]
    if rows:
        op.bulk_insert(kept, rows)


def _masked(text: str, name: str | None) -> str:
    masked = _NUMBER.sub(
        lambda found: found[0][:3] + "*" * (len(found[0]) - 5) + found[0][-2:], text
    )
    return masked.replace(name, name[:1] + "*" * (len(name) - 1)) if name else masked


def downgrade() -> None:
    op.drop_table("petition_correction")
