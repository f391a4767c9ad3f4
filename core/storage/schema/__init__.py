"""The tables in SQLAlchemy Core, for SQLite and PostgreSQL.

Everything a space owns has its ``space_id``. A passage is searchable while its row exists; ids of deleted ones are in
``removed_passages``, which the search indexes follow. A change of the schema needs a revision in
``core.storage.migrations``; a test compares the two.
"""

from __future__ import annotations

from core.storage.schema.alerts import alerts
from core.storage.schema.answers import (
    answer_documents,
    answers,
    genuine_brigades,
    quality_days,
    ratings,
    reusable_answers,
    source_openings,
)
from core.storage.schema.base import Embedding, Identity, Moment, metadata
from core.storage.schema.chat import channel_messages, channel_places, chat_lesson_parts, chat_lessons, trusted_people
from core.storage.schema.conflicts import conflict_searches, conflicts
from core.storage.schema.consents import consents, people, teachings
from core.storage.schema.curation import gaps, proposals, readings, watched_pages, watches
from core.storage.schema.dashboard import audit_events, dashboard_sessions, sign_in_links
from core.storage.schema.handoffs import handoffs
from core.storage.schema.inbox import inbox, turns
from core.storage.schema.installation import installation
from core.storage.schema.jobs import job_wishes, leases, runs
from core.storage.schema.knowledge import (
    coming_vectors,
    document_names,
    document_versions,
    documents,
    embedders,
    passages,
    removed_passages,
    second_vectors,
    spaces,
    unreadable_sources,
)
from core.storage.schema.limits import rate_buckets
from core.storage.schema.plugins import plugin_grants
from core.storage.schema.programs import program_days, programs
from core.storage.schema.providers import provider_benches, provider_counts
from core.storage.schema.webhooks import webhook_messages, webhooks

__all__ = [
    "Embedding",
    "Identity",
    "Moment",
    "alerts",
    "answer_documents",
    "answers",
    "audit_events",
    "channel_messages",
    "channel_places",
    "chat_lesson_parts",
    "chat_lessons",
    "coming_vectors",
    "conflict_searches",
    "conflicts",
    "consents",
    "dashboard_sessions",
    "document_names",
    "document_versions",
    "documents",
    "embedders",
    "gaps",
    "genuine_brigades",
    "handoffs",
    "inbox",
    "installation",
    "job_wishes",
    "leases",
    "metadata",
    "passages",
    "people",
    "plugin_grants",
    "program_days",
    "programs",
    "proposals",
    "provider_benches",
    "provider_counts",
    "quality_days",
    "rate_buckets",
    "ratings",
    "readings",
    "removed_passages",
    "reusable_answers",
    "runs",
    "second_vectors",
    "sign_in_links",
    "source_openings",
    "spaces",
    "teachings",
    "trusted_people",
    "turns",
    "unreadable_sources",
    "watched_pages",
    "watches",
    "webhook_messages",
    "webhooks",
]
