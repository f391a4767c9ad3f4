"""Questions handed to a space's moderators."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from core.storage.schema.base import Identity, Moment, metadata

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column(
        "space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False, comment="whose moderators are asked"
    ),
    Column("asked_in", String(200), nullable=False, comment="the space it was asked in, mostly the same"),
    Column("answer_id", Identity, nullable=False, comment="what AION had answered there"),
    Column("conversation", String(200), nullable=False),
    Column("address", JSON(none_as_null=True), comment="where the asker is told; gone once they were"),
    Column("language", String(8), nullable=False, comment="the question's"),
    Column("question", Text, nullable=False),
    Column("reply", Text, comment="the moderator's, once there is one"),
    Column("replied_by", String(64), comment="pseudonym"),
    Column("created_at", Moment, nullable=False),
    Column("replied_at", Moment),
    UniqueConstraint("asked_in", "answer_id"),
    Index("ix_handoffs_space_id", "space_id", "id"),
    sqlite_autoincrement=True,
)
