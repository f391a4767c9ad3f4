"""Rate limits that all processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision: str | None = "0032"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "rate_buckets",
        sa.Column("key", sa.String(64), nullable=False, comment="SHA-256 of the name of what is limited"),
        sa.Column(
            "full_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="by the clock of the database; full is as good as no row",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_buckets")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("rate_buckets")
