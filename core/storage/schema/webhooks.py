"""Webhooks: addresses that are told of a space's events, and the events that wait to be delivered to them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from core.storage.schema.base import Identity, Moment, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("url", String(500), nullable=False),
    Column("secret", String(100), nullable=False, comment="signs what is delivered, so it is kept as it is"),
    Column("events", String(500), nullable=False, comment="kinds, separated by spaces"),
    Column("created_at", Moment, nullable=False),
    Column("ready_at", Moment, nullable=False, comment="no delivery is tried before"),
    Column("n_failures", Integer, nullable=False, comment="in a row"),
    Column("failing_since", Moment),
    Column("problem", String(100), nullable=False, comment="of the last failure: a status, or a key of the catalogue"),
    Column("off_at", Moment, comment="switched off after lasting failure"),
    sqlite_autoincrement=True,
)

webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("answer_id", ForeignKey("answers.id", ondelete="CASCADE"), index=True),
    Column("message_id", String(40), nullable=False, comment="the same in every attempt"),
    Column("body", Text, nullable=False, comment="the JSON that is signed and sent"),
    Column("n_attempts", Integer, nullable=False),
    Index("ix_webhook_messages_webhook_id", "webhook_id", "id"),
    sqlite_autoincrement=True,
)
