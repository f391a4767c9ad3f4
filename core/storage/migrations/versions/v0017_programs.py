"""Programs ask, each with a token of one space, and are counted apart from people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision: str | None = "0016"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "programs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False, comment="SHA-256; the token is kept nowhere"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_programs_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programs")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_programs_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "program_days",
        sa.Column("program_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="UTC"),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("n_requests", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_program_days_program_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "day", "outcome", name=op.f("pk_program_days")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("program_days")
    op.drop_table("programs")
