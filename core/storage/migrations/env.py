"""Alembic's environment: runs the revisions on the connection of ``core.storage.migrations.upgrade``."""

from __future__ import annotations

from alembic import context

from core.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column in place; Alembic copies the table instead.
    render_as_batch=True,
)
context.run_migrations()
