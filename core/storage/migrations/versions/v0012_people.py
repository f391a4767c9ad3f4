"""What people decided about themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"


def upgrade() -> None:
    """Make the table of people."""
    op.create_table(
        "people",
        sa.Column("person", sa.String(64), nullable=False, comment="pseudonym"),
        sa.Column("may_train", sa.Integer(), nullable=False, comment="0: nothing of theirs is learned from"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_people")),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("people")
