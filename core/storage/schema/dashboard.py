"""The dashboard: sign-in links, sessions, and who changed what."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from core.storage.schema.base import Identity, Moment, metadata

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", String(64), primary_key=True, comment="SHA-256; the token is kept nowhere"),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("person", String(64), nullable=False, comment="pseudonym"),
    Column("language", String(8), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("ix_sign_in_links_space_id", "space_id", "person"),
)

dashboard_sessions = Table(
    "dashboard_sessions",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("person", String(64), nullable=False, comment="pseudonym"),
    Column("token_hash", String(64), nullable=False, unique=True, comment="SHA-256; the token is kept nowhere"),
    Column("language", String(8), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Index("ix_dashboard_sessions_space_id", "space_id", "person"),
    sqlite_autoincrement=True,
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("person", String(64), nullable=False, comment="pseudonym, or empty once it was erased"),
    Column("name", String(100), nullable=False, comment="as it was shown then"),
    Column("action", String(50), nullable=False),
    Column("subject", Text, nullable=False, comment="what was changed"),
    Column("detail", Text, nullable=False, comment="its new value, or the reason"),
    Column("at", Moment, nullable=False),
    Index("ix_audit_events_space_id", "space_id", "id"),
    sqlite_autoincrement=True,
)
