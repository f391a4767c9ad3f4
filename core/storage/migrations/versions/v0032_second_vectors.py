"""Vectors of passages by a second embedder, which helps to rank what was found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.storage.engines.postgres_sql import HalfVector

revision = "0032"
down_revision: str | None = "0031"


def upgrade() -> None:
    """Make the table."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "second_vectors",
        sa.Column("passage_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("embedder_id", sa.String(200), nullable=False),
        sa.Column("vector", sa.LargeBinary() if is_sqlite else HalfVector(), nullable=False),
        sa.PrimaryKeyConstraint("passage_id", "embedder_id", name=op.f("pk_second_vectors")),
        sa.ForeignKeyConstraint(
            ["passage_id"], ["passages.id"], name=op.f("fk_second_vectors_passage_id"), ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("second_vectors")
