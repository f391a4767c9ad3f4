"""Watched channels: how far each place of them was read, and the messages whose conversation may go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision: str | None = "0023"

_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "channel_places",
        sa.Column("watch_id", _IDENTITY, nullable=False),
        sa.Column("place", sa.String(200), nullable=False, comment="the channel itself, or one of its threads"),
        sa.Column("space_id", sa.String(200), nullable=False, comment="that of its audience"),
        sa.Column("cursor", sa.String(40), nullable=False, comment="the last message that was read, or empty"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("is_read", sa.Integer(), nullable=False, comment="1: up to the cursor, which was the end"),
        sa.Column("n_messages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.id"], name=op.f("fk_channel_places_watch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("watch_id", "place", name=op.f("pk_channel_places")),
    )
    op.create_table(
        "channel_messages",
        sa.Column("watch_id", _IDENTITY, nullable=False),
        sa.Column("key", sa.String(200), nullable=False, comment="that of the message"),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("person", sa.String(64), nullable=False, comment="pseudonym of its author"),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.JSON(), nullable=False, comment="what was said; people in it are pseudonyms"),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.id"], name=op.f("fk_channel_messages_watch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("watch_id", "key", name=op.f("pk_channel_messages")),
    )
    op.create_index("ix_channel_messages_person", "channel_messages", ["person"])
    op.create_index("ix_channel_messages_place", "channel_messages", ["watch_id", "place", "said_at"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("channel_messages")
    op.drop_table("channel_places")
