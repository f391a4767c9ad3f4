"""The tables, as SQLAlchemy Core: one description that SQLite and PostgreSQL both understand.

Everything a space owns carries its ``space_id``. A document, its names and its passages are written in one
transaction (``core.storage.documents``). A passage is searchable exactly while its row exists; what became of the
others is told by ``removed_passages``, which the derived indexes follow. Changes of shape go through
``core.storage.migrations``; a test holds the two together.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from core.types import Vector


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into UTC. Raises ``ValueError`` on a naive one, whose place is unknown."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"moment without a time zone: {value!r}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time zone back where the database dropped it."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Embedding(TypeDecorator[Vector]):
    """One embedding, shape ``(dim,)``, as little-endian float32 bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Vector | None, dialect: Dialect) -> bytes | None:
        """Pack a vector."""
        return np.ascontiguousarray(value, dtype="<f4").tobytes() if value is not None else None

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Vector | None:
        """Unpack a vector; the array is read-only."""
        return np.frombuffer(value, dtype="<f4") if value is not None else None


Identity = BigInteger().with_variant(Integer, "sqlite")
"""A growing number. SQLite grows only a plain INTEGER."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("title", Text),
    Column("language", String(8)),
    Column("settings", JSON, nullable=False),
    Column("revision", BigInteger, nullable=False, comment="grows whenever the searchable passages change"),
    Column("created_at", Moment, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("title", Text, nullable=False),
    Column("content_hash", String(64), nullable=False, comment="of the extracted text"),
    Column("kind", String(20), nullable=False),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False, comment="the extracted text, which the passages' offsets count in"),
    Column("n_chars", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("space_id", "content_hash"),
    sqlite_autoincrement=True,
)

document_names = Table(
    "document_names",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("source_hash", String(64), nullable=False, comment="of the bytes as they came"),
)

passages = Table(
    "passages",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("heading", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("revision", BigInteger, nullable=False, comment="the space's revision that made it searchable as it is"),
    Column("embedder_id", String(200), nullable=False),
    Column("vector", Embedding, nullable=False),
    UniqueConstraint("document_id", "ordinal"),
    Index("ix_passages_space_id_embedder_id", "space_id", "embedder_id", "revision", "id"),
    sqlite_autoincrement=True,
)

removed_passages = Table(
    "removed_passages",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", BigInteger, primary_key=True, comment="the space's revision that removed or re-embedded it"),
    Column("passage_id", Identity, primary_key=True, autoincrement=False),
)

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
    Index("ix_answers_space_id_conversation", "space_id", "conversation", "id"),
    sqlite_autoincrement=True,
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

inbox = Table(
    "inbox",
    metadata,
    Column("space_id", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("seen_at", Moment, nullable=False, index=True),
    Column("state", String(20), nullable=False, server_default="closed", comment="accepted, answered or closed"),
    Column("platform", String(20)),
    Column("due_at", Moment, index=True, comment="when it is to be looked at again; set until it is closed"),
    Column("message", JSON(none_as_null=True), comment="enough to work on it again; gone once it is closed"),
    Column("reply", JSON(none_as_null=True), comment="what is to be shown; gone once it is closed"),
    Column("parts", JSON(none_as_null=True), comment="what has been shown of the reply: [[index, handle, mark]]"),
    Column("n_runs", Integer, nullable=False, server_default="0", comment="how often it was worked on"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("conversation", String(200), nullable=False),
    Column("person", String(64), nullable=False, comment="pseudonym"),
    Column("text", Text, nullable=False),
    Column("topic", Text, nullable=False, comment="the question it belongs to, which stands on its own"),
    Column("said_at", Moment, nullable=False, index=True),
    Index("ix_turns_session", "space_id", "conversation", "person", "id"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("job", String(100), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("outcome", String(20)),
    Column("detail", Text),
    Index("ix_runs_job", "job", "finished_at"),
    sqlite_autoincrement=True,
)

provider_counts = Table(
    "provider_counts",
    metadata,
    Column("provider", String(50), primary_key=True),
    Column("key", String(16), primary_key=True, comment="fingerprint, or * for all keys"),
    Column("model", String(200), primary_key=True, comment="or * for all models"),
    Column("period", String(10), primary_key=True),
    Column("start_s", BigInteger, primary_key=True, autoincrement=False, comment="UTC seconds since 1970"),
    Column("n_requests", BigInteger, nullable=False),
    Column("n_tokens", BigInteger, nullable=False),
    Column("micro_usd", BigInteger, nullable=False),
)

provider_benches = Table(
    "provider_benches",
    metadata,
    Column("provider", String(50), primary_key=True),
    Column("key", String(16), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("until_s", Float, nullable=False, comment="UTC seconds since 1970"),
    Column("reason", Text, nullable=False),
)
