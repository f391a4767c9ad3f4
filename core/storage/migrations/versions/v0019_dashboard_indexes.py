"""The screens of the dashboard look through the answers of a large space quickly."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision: str | None = "0018"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_answers_space_id_id", "answers", ["space_id", "id", "used", "band", "language"])
    op.create_index("ix_answers_space_id_created_at", "answers", ["space_id", "created_at", "used", "asker"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_answers_space_id_created_at", "answers")
    op.drop_index("ix_answers_space_id_id", "answers")
