"""What was said in each session, so that a follow-up is understood, and what an answer was searched for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Make the table of turns and give answers the text that was searched for."""
    op.create_table(
        "turns",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("conversation", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False, comment="pseudonym"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False, comment="the question it belongs to, which stands on its own"),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_turns_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_turns_session", "turns", ["space_id", "conversation", "person", "id"], unique=False)
    op.create_index(op.f("ix_turns_said_at"), "turns", ["said_at"], unique=False)
    op.add_column(
        "answers", sa.Column("searched", sa.Text(), nullable=True, comment="where it is not the question as asked")
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("answers", "searched")
    op.drop_table("turns")
