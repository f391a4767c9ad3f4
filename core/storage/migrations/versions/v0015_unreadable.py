"""What ended the process that read it is not tried again by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"


def upgrade() -> None:
    """Make room for it."""
    op.create_table(
        "unreadable_sources",
        sa.Column(
            "source", sa.String(length=64), nullable=False, comment="hash of the bytes and of the way they were read"
        ),
        sa.Column("reason", sa.String(length=20), nullable=False, comment="time, memory or crash"),
        sa.Column("killed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_unreadable_sources")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("unreadable_sources")
