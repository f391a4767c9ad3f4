"""An answer is found by the message that shows it, as a reaction names nothing else."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision: str | None = "0013"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_answers_message_ref", "answers", ["space_id", "message_ref"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_answers_message_ref", "answers")
