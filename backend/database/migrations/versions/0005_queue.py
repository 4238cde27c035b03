"""queue: search index, saved views, indexes for lists and counts

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The words stay in petition_search alone; no positions, as no phrase is asked for.
FTS = (
    "CREATE VIRTUAL TABLE petition_fts USING fts5("
    "words, content='petition_search', content_rowid='petition_id', detail=none, columnsize=0,"
    " tokenize='unicode61 remove_diacritics 0')"
)
ADD = "INSERT INTO petition_fts(rowid, words) VALUES (new.petition_id, new.words);"
TAKE = (
    "INSERT INTO petition_fts(petition_fts, rowid, words)"
    " VALUES ('delete', old.petition_id, old.words);"
)
QUEUE = [
    *("state", "due_on", "org_id", "lead_org_id", "confidential"),
    *("kind", "domain", "place_code", "channel", "id"),
]
TRIGGERS = {
    "petition_search_added": f"AFTER INSERT ON petition_search BEGIN {ADD} END",
    "petition_search_gone": f"AFTER DELETE ON petition_search BEGIN {TAKE} END",
    "petition_search_changed": (f"AFTER UPDATE OF words ON petition_search BEGIN {TAKE} {ADD} END"),
}


def upgrade() -> None:
    op.create_table(
        "petition_search",
        sa.Column("petition_id", Id, autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("phone_backwards", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name="fk_petition_search_petition_id"
        ),
        sa.PrimaryKeyConstraint("petition_id", name="pk_petition_search"),
    )
    op.create_index("ix_petition_search_phone_backwards", "petition_search", ["phone_backwards"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(FTS)
        for name, what in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER {name} {what}")
    else:
        op.create_index(
            "ix_petition_search_words",
            "petition_search",
            [sa.text("array_to_tsvector(string_to_array(words, ' '))")],
            postgresql_using="gin",
        )
    op.create_table(
        "saved_view",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("filters", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_saved_view_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("user_id", "name", name="uq_saved_view_user_id_name"),
    )
    op.create_index("ix_petition_queue", "petition", QUEUE)
    op.drop_index("ix_petition_state_due_on", "petition")
    op.create_index("ix_dispatch_given", "dispatch", ["org_id", "state", "petition_id"])
    op.drop_index("ix_dispatch_org_id_state", "dispatch")


def downgrade() -> None:
    op.create_index("ix_dispatch_org_id_state", "dispatch", ["org_id", "state"])
    op.drop_index("ix_dispatch_given", "dispatch")
    op.create_index("ix_petition_state_due_on", "petition", ["state", "due_on"])
    op.drop_index("ix_petition_queue", "petition")
    op.drop_table("saved_view")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE petition_fts")
    op.drop_table("petition_search")
