"""Epochs of leases, claims of jobs, and what all processes of an installation agree on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision: str | None = "0027"


def upgrade() -> None:
    """Make room for them."""
    op.add_column("leases", sa.Column("epoch", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("job_wishes", sa.Column("claimed_by", sa.String(64)))
    op.add_column("job_wishes", sa.Column("claimed_until", sa.DateTime(timezone=True)))
    op.create_table(
        "installation",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("installation")
    op.drop_column("job_wishes", "claimed_until")
    op.drop_column("job_wishes", "claimed_by")
    op.drop_column("leases", "epoch")
