"""Gaps, watches, the log of readings, and proposals that wait for a moderator."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from core.storage.schema.base import Embedding, Identity, Moment, metadata

gaps = Table(
    "gaps",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("question", Text, nullable=False, comment="the one nearest to all of them"),
    Column("language", String(8), nullable=False),
    Column("examples", JSON, nullable=False, comment="other ways in which it was asked"),
    Column("n_questions", Integer, nullable=False),
    Column("n_people", Integer, nullable=False),
    Column("vector", Embedding, nullable=False),
    Column("asked_at", Moment, nullable=False, comment="when it was last asked"),
    Column("status", String(20), nullable=False, comment="open, researched or dismissed"),
    Column("decided_at", Moment),
    Index("ix_gaps_space_id_status", "space_id", "status"),
    sqlite_autoincrement=True,
)

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

readings = Table(
    "readings",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("theme", Text, nullable=False),
    Column("is_unasked", Integer, nullable=False, comment="1: AION looked by itself"),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("n_pages", Integer, nullable=False, server_default="0"),
    Column("n_kept", Integer, nullable=False, server_default="0"),
    Column("reasons", JSON, nullable=False, comment="how many pages were left out, by the key of the reason"),
    Column("error", Text, nullable=False, server_default=""),
    Index("ix_readings_space_id", "space_id", "started_at"),
    sqlite_autoincrement=True,
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False, comment="its address, or what it is called"),
    Column("site", String(255), nullable=False, comment="the host of its address, or empty"),
    Column("title", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False, comment="the extracted text, which approval makes a document of"),
    Column("source_hash", String(64), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("origin", String(200), nullable=False, comment="what it was found for: a theme, a question, a message"),
    Column("score", Float, comment="quality, 0..1"),
    Column("excerpts", JSON, nullable=False, comment="its most telling pieces, verbatim"),
    Column("proposed_by", String(64), nullable=False, comment="pseudonym, or empty for AION itself"),
    Column("status", String(20), nullable=False, comment="pending, approved or rejected"),
    Column("decided_by", String(64), comment="pseudonym"),
    Column("decided_at", Moment),
    Column("reason", Text, nullable=False, comment="why it was rejected"),
    Column("created_at", Moment, nullable=False),
    Column("said_at", Moment, comment="when its source last said so, where that is known"),
    Index("ix_proposals_space_id_status", "space_id", "status", "id"),
    Index("ix_proposals_space_id_content_hash", "space_id", "content_hash"),
    sqlite_autoincrement=True,
)
