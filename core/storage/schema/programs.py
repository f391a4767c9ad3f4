"""Programs that may ask, by their tokens, and how much they asked."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table

from core.storage.schema.base import Identity, Moment, metadata

programs = Table(
    "programs",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True, comment="SHA-256; the token is kept nowhere"),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    sqlite_autoincrement=True,
)

program_days = Table(
    "program_days",
    metadata,
    Column("program_id", ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True, comment="UTC"),
    Column("outcome", String(20), primary_key=True),
    Column("n_requests", Integer, nullable=False),
)
