"""What AION could not answer, and what it read about it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

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
