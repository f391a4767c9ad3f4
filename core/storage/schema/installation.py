"""What every process of one installation must agree on."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from core.storage.schema.base import metadata

installation = Table(
    "installation",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(200), nullable=False),
)
