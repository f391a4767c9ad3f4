"""The storage quotas, the rate limits and the rights in private chats, as the settings say."""

from __future__ import annotations

from core.chat.private_teaching import PrivateTeaching
from core.knowledge.storage_quota import StorageQuota
from core.settings import Settings
from core.storage.curation.reading_log import ReadingLog
from core.storage.documents import Documents
from core.types import Rate, Rates, StorageLimit


def private_teaching_of(settings: Settings) -> PrivateTeaching:
    """Return the rights in private chats."""
    return PrivateTeaching(settings.private_teaching, settings.operators)


def open_quota(settings: Settings, documents: Documents, readings: ReadingLog) -> StorageQuota:
    """Return the storage quota of every space."""
    return StorageQuota(
        documents,
        readings,
        StorageLimit(settings.space_documents, round(settings.space_mb * 1e6)),
        StorageLimit(settings.private_documents, round(settings.private_mb * 1e6), settings.private_pages),
        private_teaching_of(settings).is_unlimited,
    )


def message_rates(settings: Settings) -> Rates:
    """Return how many messages a minute are let in, by what they are counted against."""
    return Rates(
        person=Rate(settings.limit_person),
        moderator=Rate(settings.limit_moderator),
        space=Rate(settings.limit_space),
        everyone=Rate(settings.limit_everyone),
        unasked=Rate(settings.limit_unasked),
    )
