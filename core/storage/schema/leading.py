"""Who of several processes does what is done regularly, and what the operator wants of it."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from core.storage.schema.base import Moment, metadata

leases = Table(
    "leases",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("holder", String(64), nullable=False, comment="a random word of the process"),
    Column("until", Moment, nullable=False),
)

job_wishes = Table(
    "job_wishes",
    metadata,
    Column("job", String(100), primary_key=True),
    Column("is_paused", Integer, nullable=False, server_default="0"),
    Column("asked_at", Moment, comment="when it was asked to run at once; gone once it does"),
)
