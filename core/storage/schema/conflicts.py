"""Pairs of statements that contradict each other, with a moderator's decision, and how far a space was searched."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from core.storage.schema.base import Identity, Moment, metadata

conflicts = Table(
    "conflicts",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("key", String(32), nullable=False, comment="hash of both documents and statements"),
    Column("first_id", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("second_id", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("first_quote", Text, nullable=False, comment="verbatim in the first document, the newer one"),
    Column("second_quote", Text, nullable=False),
    Column("status", String(20), nullable=False, comment="open, first, second, both or unrelated"),
    Column(
        "is_automatic", Integer, nullable=False, server_default="0", comment="1: decided by the dates of two versions"
    ),
    Column("decided_by", String(64), comment="pseudonym"),
    Column("decided_at", Moment),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("space_id", "key"),
    Index("ix_conflicts_space_id_status", "space_id", "status", "id"),
    sqlite_autoincrement=True,
)

conflict_searches = Table(
    "conflict_searches",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("passage_id", Identity, nullable=False, autoincrement=False, comment="the last passage that was compared"),
)
