"""Plugins of third parties are enabled space by space, with the code they were pinned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision: str | None = "0020"


def upgrade() -> None:
    """Make room for what is enabled."""
    op.create_table(
        "plugin_grants",
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("plugin", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_plugin_grants_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space_id", "plugin", name=op.f("pk_plugin_grants")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("plugin_grants")
