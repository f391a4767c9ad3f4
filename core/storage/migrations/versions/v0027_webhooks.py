"""Webhooks, and the events that wait for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision: str | None = "0026"


def upgrade() -> None:
    """Make room for webhooks and their events."""
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "webhooks",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column(
            "secret", sa.String(length=100), nullable=False, comment="signs what is delivered, so it is kept as it is"
        ),
        sa.Column("events", sa.String(length=500), nullable=False, comment="kinds, separated by spaces"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=False, comment="no delivery is tried before"),
        sa.Column("n_failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "problem",
            sa.String(length=100),
            nullable=False,
            comment="of the last failure: a status, or a key of the catalogue",
        ),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True, comment="switched off after lasting failure"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_webhooks_space_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_webhooks_space_id"), "webhooks", ["space_id"])
    op.create_table(
        "webhook_messages",
        sa.Column("id", identity, autoincrement=True, nullable=False),
        sa.Column("webhook_id", identity, nullable=False),
        sa.Column("answer_id", identity, nullable=True),
        sa.Column("message_id", sa.String(length=40), nullable=False, comment="the same in every attempt"),
        sa.Column("body", sa.Text(), nullable=False, comment="the JSON that is signed and sent"),
        sa.Column("n_attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_messages_webhook_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name=op.f("fk_webhook_messages_answer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_webhook_messages_webhook_id"), "webhook_messages", ["webhook_id", "id"])
    op.create_index(op.f("ix_webhook_messages_answer_id"), "webhook_messages", ["answer_id"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("webhook_messages")
    op.drop_table("webhooks")
