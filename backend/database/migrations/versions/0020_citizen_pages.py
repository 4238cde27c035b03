"""following, QR codes scanned, phone numbers proven by a code

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _references(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.add_column("address", sa.Column("left_at", UtcDateTime(), nullable=True))
    op.add_column("address", sa.Column("scene", sa.String(64), nullable=True))
    op.add_column("address", sa.Column("scanned_at", UtcDateTime(), nullable=True))
    op.add_column("conversation", sa.Column("linking_until", UtcDateTime(), nullable=True))
    op.create_table(
        "phone_code",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("citizen_id", Id, nullable=False),
        sa.Column("address_id", Id, nullable=False),
        sa.Column("phone_address_id", Id, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("outbox_id", Id, nullable=True),
        _references("phone_code", "citizen_id", "citizen.id"),
        _references("phone_code", "address_id", "address.id"),
        _references("phone_code", "phone_address_id", "address.id"),
        _references("phone_code", "outbox_id", "outbox.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_code")),
    )
    op.create_index("ix_phone_code_citizen_id_at", "phone_code", ["citizen_id", "at"])
    op.create_index("ix_phone_code_phone_address_id_at", "phone_code", ["phone_address_id", "at"])


def downgrade() -> None:
    op.drop_table("phone_code")
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.drop_column("linking_until")
    with op.batch_alter_table("address") as batch_op:
        for column in ("scanned_at", "scene", "left_at"):
            batch_op.drop_column(column)
