"""Messages accepted and not yet answered, and what was said before in each conversation."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from core.storage.schema.base import Identity, Moment, metadata

inbox = Table(
    "inbox",
    metadata,
    Column("space_id", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("seen_at", Moment, nullable=False, index=True),
    Column("state", String(20), nullable=False, server_default="closed", comment="accepted, answered or closed"),
    Column("platform", String(20)),
    Column("due_at", Moment, index=True, comment="when it is to be looked at again; set until it is closed"),
    Column("message", JSON(none_as_null=True), comment="enough to work on it again; gone once it is closed"),
    Column("reply", JSON(none_as_null=True), comment="what is to be shown; gone once it is closed"),
    Column("parts", JSON(none_as_null=True), comment="what has been shown of the reply: [[index, handle, mark]]"),
    Column("n_runs", Integer, nullable=False, server_default="0", comment="how often it was worked on"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("conversation", String(200), nullable=False),
    Column("person", String(64), nullable=False, comment="pseudonym"),
    Column("text", Text, nullable=False),
    Column("topic", Text, nullable=False, comment="the question it belongs to, which stands on its own"),
    Column("said_at", Moment, nullable=False, index=True),
    Index("ix_turns_session", "space_id", "conversation", "person", "id"),
    sqlite_autoincrement=True,
)
