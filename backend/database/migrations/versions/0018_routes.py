"""outbox: partly sent messages, pushes against a quota, notices and what citizens allow of them

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NEW = ("told", "pushes", "pushed_at", "moved_from")


def _references(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    for name in ("told", "pushes"):
        column = sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        op.add_column("outbox", column)
    op.add_column("outbox", sa.Column("pushed_at", UtcDateTime()))
    op.add_column("outbox", sa.Column("moved_from", Id))
    op.create_table(
        "notice",
        sa.Column("id", Id, nullable=False),
        sa.Column("outbox_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("provider_id", sa.String(120)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.String(255)),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("final_at", UtcDateTime()),
        _references("notice", "outbox_id", "outbox.id"),
        _references("notice", "account_id", "account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("outbox_id", "by", name=op.f("uq_notice_outbox_id_by")),
    )
    op.create_index(
        op.f("ix_notice_account_id_provider_id"), "notice", ["account_id", "provider_id"]
    )
    op.create_table(
        "notice_permission",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("address_id", Id, nullable=False),
        sa.Column("template_id", sa.String(120), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("spent_on", Id),
        _references("notice_permission", "account_id", "account.id"),
        _references("notice_permission", "address_id", "address.id"),
        _references("notice_permission", "spent_on", "outbox.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_permission")),
        sa.UniqueConstraint(
            "account_id", "external_id", name=op.f("uq_notice_permission_account_id_external_id")
        ),
    )
    op.create_index(
        op.f("ix_notice_permission_address_id_template_id"),
        "notice_permission",
        ["address_id", "template_id"],
    )


def downgrade() -> None:
    op.drop_table("notice_permission")
    op.drop_table("notice")
    for name in reversed(NEW):
        op.drop_column("outbox", name)
