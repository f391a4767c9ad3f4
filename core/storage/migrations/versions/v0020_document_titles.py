"""The documents of a large space are listed by title quickly."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision: str | None = "0019"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_documents_space_id_title", "documents", ["space_id", "title"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_documents_space_id_title", "documents")
