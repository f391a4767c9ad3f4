"""Vote brigades that were found to be genuine people, and how the text of each document changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision: str | None = "0025"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "genuine_brigades",
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("key", sa.String(100), nullable=False, comment="what names a vote brigade until it grows"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_genuine_brigades_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space_id", "key", name=op.f("pk_genuine_brigades")),
    )
    op.create_table(
        "document_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("n_chars", sa.Integer(), nullable=False, comment="of the text that was stored then"),
        sa.Column("n_added", sa.Integer(), nullable=False, comment="lines that the text before did not have"),
        sa.Column("n_removed", sa.Integer(), nullable=False, comment="lines of the text before that it does not have"),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id", "name"],
            ["document_names.space_id", "document_names.name"],
            name=op.f("fk_document_versions_space_id"),
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_versions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_document_versions_space_id_name", "document_versions", ["space_id", "name"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("document_versions")
    op.drop_table("genuine_brigades")
