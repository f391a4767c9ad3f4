"""Answers that may be given again to the same question."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from core.storage.schema.base import Embedding, metadata

reusable_answers = Table(
    "reusable_answers",
    metadata,
    Column("answer_id", ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("language", String(8), nullable=False),
    Column("state", String(200), nullable=False, comment="of everything else that an answer depends on"),
    Column("asked", Text, nullable=False, comment="what the question asks, in its telling words"),
    Column("vector", Embedding, nullable=False),
    Index("ix_reusable_answers_space_id", "space_id", "asked"),
)
