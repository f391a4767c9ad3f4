"""What people did with the answers they were shown, and how good answers were day by day."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, String, Table

from core.storage.schema.base import Moment, metadata

source_openings = Table(
    "source_openings",
    metadata,
    Column("answer_id", ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("person", String(64), primary_key=True, comment="pseudonym"),
    Column("opened_at", Moment, nullable=False),
)

quality_days = Table(
    "quality_days",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True, comment="the last day of the window, UTC"),
    Column("figures", JSON, nullable=False),
)
