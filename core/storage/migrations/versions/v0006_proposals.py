"""What waits for a moderator before it becomes a document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Make the table of proposals."""
    op.create_table(
        "proposals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="its address, or what it is called"),
        sa.Column("site", sa.String(255), nullable=False, comment="the host of its address, or empty"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column(
            "text",
            sa.Text(),
            nullable=False,
            comment="the extracted text, which approval makes a document of",
        ),
        sa.Column("source_hash", sa.String(64), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column(
            "origin", sa.String(200), nullable=False, comment="what it was found for: a theme, a question, a message"
        ),
        sa.Column("score", sa.Float(), nullable=True, comment="quality, 0..1"),
        sa.Column("excerpts", sa.JSON(), nullable=False, comment="its most telling pieces, verbatim"),
        sa.Column("proposed_by", sa.String(64), nullable=False, comment="pseudonym, or empty for AION itself"),
        sa.Column("status", sa.String(20), nullable=False, comment="pending, approved or rejected"),
        sa.Column("decided_by", sa.String(64), nullable=True, comment="pseudonym"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it was rejected"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_proposals_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_proposals_space_id_status", "proposals", ["space_id", "status", "id"])
    op.create_index("ix_proposals_space_id_content_hash", "proposals", ["space_id", "content_hash"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("proposals")
