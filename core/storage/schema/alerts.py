"""The last alert about each subject."""

from __future__ import annotations

from sqlalchemy import JSON, Column, String, Table

from core.storage.schema.base import Moment, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("subject", String(100), primary_key=True, comment="what it is about: worker:colab"),
    Column("key", String(100), nullable=False, comment="of the sentence that was said last"),
    Column("values", JSON, nullable=False, comment="what fills its gaps"),
    Column("raised_at", Moment, nullable=False),
)
