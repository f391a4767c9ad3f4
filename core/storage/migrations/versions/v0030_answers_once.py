"""Of the answers to one message that were never shown there is at most one: the last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision: str | None = "0029"

_NEVER_SHOWN = sa.text("message_ref IS NULL AND asked_by_message IS NOT NULL")


def upgrade() -> None:
    """Part the earlier ones from their message, and keep it so."""
    op.execute(
        "UPDATE answers SET asked_by_message = NULL WHERE message_ref IS NULL AND asked_by_message IS NOT NULL"
        " AND id < (SELECT max(later.id) FROM answers AS later WHERE later.space_id = answers.space_id"
        " AND later.asked_by_message = answers.asked_by_message AND later.message_ref IS NULL)"
    )
    op.create_index(
        "ux_answers_never_shown",
        "answers",
        ["space_id", "asked_by_message"],
        unique=True,
        sqlite_where=_NEVER_SHOWN,
        postgresql_where=_NEVER_SHOWN,
    )


def downgrade() -> None:
    """Allow several."""
    op.drop_index("ux_answers_never_shown", "answers")
