"""Alembic's environment: runs inside a connection handed over by `backend.database.migrate`."""

from __future__ import annotations

from alembic import context

from backend.database.migrate import comparable
from backend.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    include_name=comparable,
)
with context.begin_transaction():
    context.run_migrations()
