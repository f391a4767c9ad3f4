"""What people decided about the use of their words, and texts that wait for such a decision."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from core.storage.schema.base import Identity, Moment, metadata

people = Table(
    "people",
    metadata,
    Column("person", String(64), primary_key=True, comment="pseudonym"),
    Column("may_train", Integer, nullable=False, comment="0: nothing of theirs is learned from"),
    Column("decided_at", Moment, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("person", String(64), primary_key=True, comment="pseudonym"),
    Column("is_given", Integer, nullable=False),
    Column("decided_at", Moment, nullable=False),
)

teachings = Table(
    "teachings",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False, comment="the permalink"),
    Column("title", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("source_hash", String(64), nullable=False, server_default="said", comment="what kind of text it is"),
    Column("awaiting", JSON, nullable=False, comment="the pseudonyms of authors who have not agreed yet"),
    Column("taught_by", String(64), nullable=False, comment="pseudonym"),
    Column("created_at", Moment, nullable=False),
    Column("said_at", Moment, comment="when its source last said so, where that is known"),
    UniqueConstraint("space_id", "content_hash"),
    Index("ix_teachings_space_id", "space_id", "id"),
    sqlite_autoincrement=True,
)
