"""The inbox keeps what was accepted until its reply is delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"

_STATE = "accepted, answered or closed"
_DUE = "when it is to be looked at again; set until it is closed"
_MESSAGE = "enough to work on it again; gone once it is closed"
_REPLY = "what is to be shown; gone once it is closed"
_PARTS = "what has been shown of the reply: [[index, handle, mark]]"
_N_RUNS = "how often it was worked on"


def upgrade() -> None:
    """Widen the inbox; what it held was handled by the rules of the time, and is over."""
    with op.batch_alter_table("inbox") as table:
        table.add_column(sa.Column("state", sa.String(20), server_default="closed", nullable=False, comment=_STATE))
        table.add_column(sa.Column("platform", sa.String(20), nullable=True))
        table.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment=_DUE))
        table.add_column(sa.Column("message", sa.JSON(), nullable=True, comment=_MESSAGE))
        table.add_column(sa.Column("reply", sa.JSON(), nullable=True, comment=_REPLY))
        table.add_column(sa.Column("parts", sa.JSON(), nullable=True, comment=_PARTS))
        table.add_column(sa.Column("n_runs", sa.Integer(), server_default="0", nullable=False, comment=_N_RUNS))
        table.create_index(op.f("ix_inbox_due_at"), ["due_at"], unique=False)
