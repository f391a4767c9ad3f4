"""What a model wrote, to the letter: an answer as shown has other citations, and may stop earlier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Give answers the text that their log-probabilities are of."""
    op.add_column("answers", sa.Column("completion", sa.Text(), nullable=True, comment="as generated"))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("answers", "completion")
