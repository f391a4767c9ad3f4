"""Rate limits that all processes share."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from core.storage.schema.base import Moment, metadata

rate_buckets = Table(
    "rate_buckets",
    metadata,
    Column("key", String(64), primary_key=True, comment="SHA-256 of the name of what is limited"),
    Column("full_at", Moment, nullable=False, comment="by the clock of the database; full is as good as no row"),
)
