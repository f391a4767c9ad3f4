"""Answers, the documents they stand on, and what people did with them: ratings, opened sources, copies for reuse."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Date, Float, ForeignKey, Index, String, Table, Text

from core.storage.schema.base import Embedding, Identity, Moment, metadata

answers = Table(
    "answers",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("asker", String(64), nullable=False, comment="pseudonym"),
    Column("conversation", String(200), nullable=False),
    Column("question", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("prompt", JSON, nullable=False, comment="the rendered turns: [[role, content]]"),
    Column("passages", JSON, nullable=False, comment="what the prompt was grounded on, best first"),
    Column("sources", JSON, nullable=False, comment="the citations as shown"),
    Column("text", Text, nullable=False),
    Column("used", String(50), nullable=False),
    Column("generator", String(50)),
    Column("model", String(200)),
    Column("lora_version", String(100)),
    Column("sampling", JSON(none_as_null=True)),
    Column("log_probs", JSON, nullable=False),
    Column("completion", Text, comment="as generated"),
    Column("confidence", Float, nullable=False),
    Column("confidence_spec", Float, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("features", JSON, nullable=False),
    Column("band", String(20), nullable=False),
    Column("latency_ms", JSON, nullable=False),
    Column("message_ref", String(200), comment="where the platform shows it"),
    Column("created_at", Moment, nullable=False),
    Column("searched", Text, comment="where it is not the question as asked"),
    Column("asked_by_message", String(200), comment="the key of the message that asked it"),
    Index("ix_answers_space_id_conversation", "space_id", "conversation", "id"),
    Index("ix_answers_message_ref", "space_id", "message_ref"),
    Index("ix_answers_space_id_id", "space_id", "id", "used", "band", "language", "confidence"),
    Index("ix_answers_space_id_created_at", "space_id", "created_at", "used", "asker"),
    Index("ix_answers_asked_by_message", "space_id", "asked_by_message"),
    sqlite_autoincrement=True,
)

never_shown = answers.c.message_ref.is_(None) & answers.c.asked_by_message.is_not(None)
"""Whether an answer to a message of a chat is not known to be shown: of those to one message there is at most one."""

Index(
    "ux_answers_never_shown",
    answers.c.space_id,
    answers.c.asked_by_message,
    unique=True,
    sqlite_where=never_shown,
    postgresql_where=never_shown,
)

answer_documents = Table(
    "answer_documents",
    metadata,
    Column("answer_id", ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("document_id", BigInteger, primary_key=True, comment="one it cites, which may have been removed since"),
    Index("ix_answer_documents_document_id", "document_id", "answer_id"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("answer_id", ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("person", String(64), primary_key=True, comment="pseudonym"),
    Column("thumb", String(4), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

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

genuine_brigades = Table(
    "genuine_brigades",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(100), primary_key=True, comment="what names a vote brigade until it grows"),
    Column("decided_at", Moment, nullable=False),
)
