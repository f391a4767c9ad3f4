"""The storage quotas and the rights in private chats, as the settings say."""

from __future__ import annotations

from core.chat.private_teaching import PrivateTeaching
from core.knowledge.storage_quota import StorageQuota
from core.settings import Settings
from core.storage.curation.reading_log import ReadingLog
from core.storage.documents import Documents
from core.types import StorageLimit


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
