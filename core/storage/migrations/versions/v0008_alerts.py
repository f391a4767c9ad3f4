"""What moderators were told last about each machine behind AION, so that a restart does not say it again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Make room for it."""
    op.create_table(
        "alerts",
        sa.Column("subject", sa.String(length=100), nullable=False, comment="what it is about: worker:colab"),
        sa.Column("key", sa.String(length=100), nullable=False, comment="of the sentence that was said last"),
        sa.Column("values", sa.JSON(), nullable=False, comment="what fills its gaps"),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_alerts")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("alerts")
