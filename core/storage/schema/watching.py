"""What is looked at again and again, and what of it was seen."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from core.storage.schema.base import Identity, Moment, metadata

watches = Table(
    "watches",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(20), nullable=False, comment="web (a page or a feed), theme or folder"),
    Column("target", Text, nullable=False, comment="an address, a theme or a path"),
    Column("language", String(8), nullable=False),
    Column("every_s", Integer, nullable=False),
    Column("created_by", String(64), nullable=False, comment="pseudonym, empty for the operator"),
    Column("created_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False, index=True),
    Column("looked_at", Moment),
    Column("error", Text, nullable=False, server_default="", comment="why the last look saw nothing"),
    UniqueConstraint("space_id", "kind", "target"),
    sqlite_autoincrement=True,
)

watched_pages = Table(
    "watched_pages",
    metadata,
    Column("watch_id", ForeignKey("watches.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True, comment="its address, or the path of a file"),
    Column("etag", Text, nullable=False, server_default=""),
    Column("last_modified", Text, nullable=False, server_default=""),
    Column("differing", JSON, nullable=False, comment="since when each line differs from what is known"),
    Column("seen_at", Moment, nullable=False),
    Column("gone_at", Moment, comment="when it was first missed"),
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
    Column("awaiting", JSON, nullable=False, comment="the pseudonyms of authors who have not agreed yet"),
    Column("taught_by", String(64), nullable=False, comment="pseudonym"),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("space_id", "content_hash"),
    Index("ix_teachings_space_id", "space_id", "id"),
    sqlite_autoincrement=True,
)

consents = Table(
    "consents",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("person", String(64), primary_key=True, comment="pseudonym"),
    Column("is_given", Integer, nullable=False),
    Column("decided_at", Moment, nullable=False),
)
