"""When the source of a document last said so, and statements that contradict each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision: str | None = "0021"


def upgrade() -> None:
    """Make room for them."""
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    said_at = "when its source last said so, where that is known"
    for table in ("documents", "proposals", "teachings"):
        op.add_column(table, sa.Column("said_at", sa.DateTime(timezone=True), nullable=True, comment=said_at))
    op.create_table(
        "conflicts",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False, comment="hash of both documents and statements"),
        sa.Column("first_id", identity, nullable=False),
        sa.Column("second_id", identity, nullable=False),
        sa.Column("first_quote", sa.Text(), nullable=False, comment="verbatim in the first document, the newer one"),
        sa.Column("second_quote", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False, comment="open, first, second, both or unrelated"),
        sa.Column(
            "is_automatic",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="1: decided by the dates of two versions",
        ),
        sa.Column("decided_by", sa.String(length=64), nullable=True, comment="pseudonym"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_conflicts_space_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["first_id"], ["documents.id"], name=op.f("fk_conflicts_first_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["second_id"], ["documents.id"], name=op.f("fk_conflicts_second_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
        sa.UniqueConstraint("space_id", "key", name=op.f("uq_conflicts_space_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_conflicts_space_id_status", "conflicts", ["space_id", "status", "id"])
    op.create_index(op.f("ix_conflicts_first_id"), "conflicts", ["first_id"])
    op.create_index(op.f("ix_conflicts_second_id"), "conflicts", ["second_id"])
    op.create_table(
        "conflict_searches",
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("passage_id", identity, nullable=False, comment="the last passage that was compared"),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_conflict_searches_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space_id", name=op.f("pk_conflict_searches")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("conflict_searches")
    op.drop_table("conflicts")
    for table in ("documents", "proposals", "teachings"):
        op.drop_column(table, "said_at")
