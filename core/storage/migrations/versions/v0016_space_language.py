"""The language of a space is one of its settings; nothing ever wrote this column."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision: str | None = "0015"


def upgrade() -> None:
    """Remove the column."""
    op.drop_column("spaces", "language")


def downgrade() -> None:
    """Make it again."""
    op.add_column("spaces", sa.Column("language", sa.String(length=8)))
