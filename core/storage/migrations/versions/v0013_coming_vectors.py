"""Vectors of the embedder that will take over, beside those in use; and what each embedder was set as."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "coming_vectors",
        sa.Column("passage_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("embedder_id", sa.String(200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("passage_id", "embedder_id", name=op.f("pk_coming_vectors")),
        sa.ForeignKeyConstraint(
            ["passage_id"], ["passages.id"], name=op.f("fk_coming_vectors_passage_id"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "embedders",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="what the setting said"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedders")),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("embedders")
    op.drop_table("coming_vectors")
