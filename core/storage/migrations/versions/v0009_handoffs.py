"""Questions that a person was asked to answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    """Make the table of handoffs."""
    op.create_table(
        "handoffs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False, comment="whose moderators are asked"),
        sa.Column("asked_in", sa.String(200), nullable=False, comment="the space it was asked in, mostly the same"),
        sa.Column(
            "answer_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="what AION had answered there",
        ),
        sa.Column("conversation", sa.String(200), nullable=False),
        sa.Column("address", sa.JSON(), nullable=True, comment="where the asker is told; gone once they were"),
        sa.Column("language", sa.String(8), nullable=False, comment="the question's"),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True, comment="the moderator's, once there is one"),
        sa.Column("replied_by", sa.String(64), nullable=True, comment="pseudonym"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_handoffs_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
        sa.UniqueConstraint("asked_in", "answer_id", name=op.f("uq_handoffs_asked_in_answer_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handoffs_space_id", "handoffs", ["space_id", "id"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("handoffs")
