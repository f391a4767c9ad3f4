"""What spaces were taught, put together: indexes, search, and the way of files and pages into them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from core.assembly.models import tuned_fusion
from core.assembly.storage_quota import open_quota
from core.assembly.stores import Stores
from core.curation.fetch import Fetcher
from core.curation.robots_fetch import PoliteFetcher
from core.knowledge.ingest import Ingest
from core.knowledge.parsing.sandboxed_parser import SandboxedParser, open_pool
from core.knowledge.storage_quota import StorageQuota
from core.models.catalog import Tell
from core.ports import FileReaders, Searcher
from core.retrieval.embedder_migration import EmbedderMigration, MigratingSearcher
from core.retrieval.rerank import with_reranker
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Library:
    """The parts over the documents of every space; ``searcher`` is ``indexes``, reranked where that is set."""

    indexes: MigratingSearcher
    searcher: Searcher
    pages: PoliteFetcher
    quota: StorageQuota
    ingest: Ingest


@asynccontextmanager
async def open_library(
    settings: Settings, stores: Stores, embedders: EmbedderMigration, tell: Tell, readers: FileReaders
) -> AsyncIterator[Library]:
    """Yield the library; its indexes are closed and its sandboxes end with the block."""
    async with AsyncExitStack() as stack:
        indexes = MigratingSearcher(
            embedders, stores.passages, settings.indexes_dir, tuned_fusion(settings), stores.second_vectors
        )
        stack.push_async_callback(indexes.close)
        sandboxes = open_pool()
        stack.push_async_callback(sandboxes.aclose)
        pages = PoliteFetcher(Fetcher(settings.fetch_allowed_hosts))
        quota = open_quota(settings, stores.documents, stores.reading_log)
        ingest = Ingest(
            stores.documents,
            embedders,
            pages,
            SandboxedParser(sandboxes, stores.unreadable),
            max_file_bytes=settings.max_file_bytes,
            language=settings.language,
            quota=quota,
            readers=readers,
        )
        yield Library(indexes, with_reranker(indexes, settings.reranker, tell), pages, quota, ingest)
