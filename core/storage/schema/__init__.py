"""The tables, as SQLAlchemy Core: one description that SQLite and PostgreSQL both understand.

Everything a space owns carries its ``space_id``. A document, its names and its passages are written in one
transaction (``core.storage.documents``). A passage is searchable exactly while its row exists; what became of the
others is told by ``removed_passages``, which the derived indexes follow. Changes of shape go through
``core.storage.migrations``; a test holds the two together.
"""

from __future__ import annotations

from core.storage.schema.alerts import alerts
from core.storage.schema.answers import answers, quality_days, ratings, reusable_answers, source_openings
from core.storage.schema.base import Embedding, Identity, Moment, metadata
from core.storage.schema.consents import consents, people, teachings
from core.storage.schema.curation import gaps, proposals, readings, watched_pages, watches
from core.storage.schema.handoffs import handoffs
from core.storage.schema.inbox import inbox, turns
from core.storage.schema.jobs import job_wishes, leases, runs
from core.storage.schema.knowledge import (
    coming_vectors,
    document_names,
    documents,
    embedders,
    passages,
    removed_passages,
    spaces,
)
from core.storage.schema.providers import provider_benches, provider_counts

__all__ = [
    "Embedding",
    "Identity",
    "Moment",
    "alerts",
    "answers",
    "coming_vectors",
    "consents",
    "document_names",
    "documents",
    "embedders",
    "gaps",
    "handoffs",
    "inbox",
    "job_wishes",
    "leases",
    "metadata",
    "passages",
    "people",
    "proposals",
    "provider_benches",
    "provider_counts",
    "quality_days",
    "ratings",
    "readings",
    "removed_passages",
    "reusable_answers",
    "runs",
    "source_openings",
    "spaces",
    "teachings",
    "turns",
    "watched_pages",
    "watches",
]
