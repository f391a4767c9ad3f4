"""A real database in a folder with the real search over it, as the benchmarks of retrieval need one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.experiments.search_eval import stored_second
from core.ports import Embedder
from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """What is stored, and the search over it."""

    documents: Documents
    passages: Passages
    searcher: HybridSearcher


@asynccontextmanager
async def open_index(folder: Path, embedder: Embedder, second: Embedder | None = None) -> AsyncIterator[SearchIndex]:
    """Open the database and the indexes in ``folder``, new or as they were left.

    Indexes are written when the caller closes the searcher; a folder that is thrown away needs none.
    """
    async with await Database.open(folder) as database:
        passages = Passages(database)
        searcher = HybridSearcher(embedder, passages, folder / "indexes", second=stored_second(database, second))
        yield SearchIndex(Documents(database), passages, searcher)
