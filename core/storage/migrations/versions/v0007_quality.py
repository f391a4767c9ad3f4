"""What people did with answers, how good these were day by day, and which may be given again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "source_openings",
        sa.Column("answer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False, comment="pseudonym"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_source_openings_answer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", "person", name=op.f("pk_source_openings")),
    )
    op.create_table(
        "quality_days",
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="the last day of the window, UTC"),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_quality_days_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space_id", "day", name=op.f("pk_quality_days")),
    )
    op.create_table(
        "reusable_answers",
        sa.Column("answer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column(
            "state", sa.String(length=200), nullable=False, comment="of everything else that an answer depends on"
        ),
        sa.Column("asked", sa.Text(), nullable=False, comment="what the question asks, in its telling words"),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_reusable_answers_answer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_reusable_answers_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_reusable_answers")),
    )
    op.create_index("ix_reusable_answers_space_id", "reusable_answers", ["space_id", "asked"], unique=False)


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("reusable_answers")
    op.drop_table("quality_days")
    op.drop_table("source_openings")
