"""Plugins of third parties that are enabled, space by space."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from core.storage.schema.base import Moment, metadata

plugin_grants = Table(
    "plugin_grants",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("plugin", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the code that was shown when it was enabled"),
    Column("granted_at", Moment, nullable=False),
)
