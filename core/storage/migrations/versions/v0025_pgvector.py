"""On PostgreSQL what is searched for are vectors of pgvector's; in SQLite they stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.errors import Unavailable
from core.storage.engines.postgres_sql import HalfVector

revision = "0025"
down_revision: str | None = "0024"

_LEAST = (0, 8)
"""The first pgvector whose graphs search on until enough rows pass a filter (``hnsw.iterative_scan``)."""


def upgrade() -> None:
    """Require pgvector, and use its type. No version of AION before this one ran on PostgreSQL: there are no rows."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    available = sa.text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
    version = connection.execute(available).scalar()
    if version is None or tuple(map(int, str(version).split(".")[:2])) < _LEAST:
        raise Unavailable("storage.no_pgvector")
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    for table in ("passages", "coming_vectors"):
        op.alter_column(table, "vector", type_=HalfVector(), existing_nullable=False, postgresql_using="NULL::halfvec")
        # Beside its row, not in pages of their own: an exact search reads all of them.
        op.execute(f"ALTER TABLE {table} ALTER COLUMN vector SET STORAGE PLAIN")


def downgrade() -> None:
    """There is no way back to a column of bytes. Raises ``NotImplementedError`` on PostgreSQL."""
    if op.get_bind().dialect.name != "sqlite":
        raise NotImplementedError("the vectors of PostgreSQL cannot be made bytes; restore a backup instead")
