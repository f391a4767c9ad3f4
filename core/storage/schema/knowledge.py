"""Spaces, their documents and passages, the embedders of these, and what could not be read."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.storage.schema.base import Identity, Moment, SearchVector, metadata

spaces = Table(
    "spaces",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("title", Text),
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
    Column("said_at", Moment, comment="when its source last said so, where that is known"),
    UniqueConstraint("space_id", "content_hash"),
    Index("ix_documents_space_id_title", "space_id", "title"),
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

document_versions = Table(
    "document_versions",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=True),
    Column("space_id", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("n_chars", Integer, nullable=False, comment="of the text that was stored then"),
    Column("n_added", Integer, nullable=False, comment="lines that the text before did not have"),
    Column("n_removed", Integer, nullable=False, comment="lines of the text before that it does not have"),
    Column("stored_at", Moment, nullable=False),
    ForeignKeyConstraint(
        ["space_id", "name"],
        ["document_names.space_id", "document_names.name"],
        ondelete="CASCADE",
        onupdate="CASCADE",
    ),
    Index("ix_document_versions_space_id_name", "space_id", "name"),
    sqlite_autoincrement=True,
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
    Column("vector", SearchVector, nullable=False),
    UniqueConstraint("document_id", "ordinal"),
    Index("ix_passages_space_id_embedder_id", "space_id", "embedder_id", "revision", "id"),
    sqlite_autoincrement=True,
)

coming_vectors = Table(
    "coming_vectors",
    metadata,
    Column("passage_id", ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True),
    Column("embedder_id", String(200), primary_key=True),
    Column("vector", SearchVector, nullable=False),
)

second_vectors = Table(
    "second_vectors",
    metadata,
    Column("passage_id", ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True),
    Column("embedder_id", String(200), primary_key=True),
    Column("vector", SearchVector, nullable=False),
)

embedders = Table(
    "embedders",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("name", Text, nullable=False, comment="what the setting said"),
)

unreadable_sources = Table(
    "unreadable_sources",
    metadata,
    Column("source", String(64), primary_key=True, comment="hash of the bytes and of the way they were read"),
    Column("reason", String(20), nullable=False, comment="time, memory or crash"),
    Column("killed_at", Moment, nullable=False),
)

removed_passages = Table(
    "removed_passages",
    metadata,
    Column("space_id", ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", BigInteger, primary_key=True, comment="the space's revision that removed or re-embedded it"),
    Column("passage_id", Identity, primary_key=True, autoincrement=False),
)
