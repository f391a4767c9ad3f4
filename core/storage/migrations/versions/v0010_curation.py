"""What AION could not answer, and what it read about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"

_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of gaps and of readings."""
    op.create_table(
        "gaps",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False, comment="the one nearest to all of them"),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False, comment="other ways in which it was asked"),
        sa.Column("n_questions", sa.Integer(), nullable=False),
        sa.Column("n_people", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, comment="when it was last asked"),
        sa.Column("status", sa.String(20), nullable=False, comment="open, researched or dismissed"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_gaps_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_gaps_space_id_status", "gaps", ["space_id", "status"])
    op.create_table(
        "readings",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("is_unasked", sa.Integer(), nullable=False, comment="1: AION looked by itself"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("n_pages", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("n_kept", sa.Integer(), nullable=False, server_default="0"),
        sa.Column(
            "reasons", sa.JSON(), nullable=False, comment="how many pages were left out, by the key of the reason"
        ),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_readings_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_readings_space_id", "readings", ["space_id", "started_at"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("readings")
    op.drop_table("gaps")
