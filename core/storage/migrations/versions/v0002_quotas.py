"""What was asked of providers, and which of them are benched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Make the tables of counts and benches."""
    op.create_table(
        "provider_benches",
        sa.Column("provider", sa.String(length=50), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("until_s", sa.Float(), nullable=False, comment="UTC seconds since 1970"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key", "model", name=op.f("pk_provider_benches")),
    )
    op.create_table(
        "provider_counts",
        sa.Column("provider", sa.String(length=50), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False, comment="fingerprint, or * for all keys"),
        sa.Column("model", sa.String(length=200), nullable=False, comment="or * for all models"),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("start_s", sa.BigInteger(), autoincrement=False, nullable=False, comment="UTC seconds since 1970"),
        sa.Column("n_requests", sa.BigInteger(), nullable=False),
        sa.Column("n_tokens", sa.BigInteger(), nullable=False),
        sa.Column("micro_usd", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key", "model", "period", "start_s", name=op.f("pk_provider_counts")),
    )
