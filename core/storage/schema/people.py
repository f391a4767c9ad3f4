"""What people decided about themselves."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from core.storage.schema.base import Moment, metadata

people = Table(
    "people",
    metadata,
    Column("person", String(64), primary_key=True, comment="pseudonym"),
    Column("may_train", Integer, nullable=False, comment="0: nothing of theirs is learned from"),
    Column("decided_at", Moment, nullable=False),
)
