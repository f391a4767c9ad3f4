"""Re-embedding all passages with another embedder, while searches use the former one's vectors.

It can be stopped or killed at any moment, and continues where it was. See ``core.retrieval.embedder_migration``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import Unavailable
from core.knowledge.prepare import BATCH_PASSAGES
from core.offload import offload
from core.ports import Embedder
from core.retrieval.chunk import searched_text
from core.retrieval.embedder_migration import EmbedderMigration, LexicalOnlyEmbedder, MigratingSearcher
from core.storage.embeddings.second_vectors import SecondVectors
from core.storage.embeddings.vectors import Vectors

log = logging.getLogger(__name__)

_LOG_EVERY_S = 30.0
_ADOPTED_AT_ONCE = 500
"""How many vectors are moved in one transaction, which other writers wait for."""


async def open_migration(
    vectors: Vectors,
    embedder: Embedder,
    name: str,
    open_embedder: Callable[[str], Embedder],
    second: Embedder | None = None,
) -> EmbedderMigration:
    """Return the migration to ``embedder``, whose setting is ``name``; finished when every passage has its vector.

    Until then the embedder that has vectors of all passages serves; when it cannot be loaded, search is lexical only.
    """
    await vectors.save_name(embedder.id, name)
    if not await vectors.count_missing(embedder.id):
        return EmbedderMigration(embedder, second=second)
    for embedder_id in sorted(await vectors.embedders() - {embedder.id}):
        if await vectors.count_missing(embedder_id):
            continue
        known_as = await vectors.name(embedder_id) or embedder_id.partition("@")[0]
        if (former := await offload(_loaded, open_embedder, known_as, embedder_id)) is not None:
            return EmbedderMigration(embedder, former, second)
    log.warning("the embedder of the stored passages cannot be loaded: until they are embedded again, words decide")
    return EmbedderMigration(embedder, LexicalOnlyEmbedder(), second)


def _loaded(open_embedder: Callable[[str], Embedder], name: str, embedder_id: str) -> Embedder | None:
    try:
        embedder = open_embedder(name)
        if embedder.id != embedder_id:
            return None
        embedder.warm()
    except Unavailable as error:
        log.warning("embedder %s: %s", embedder_id, error)
        return None
    return embedder


@dataclass(frozen=True, slots=True)
class Reembedding:
    """Embeds every passage with the next embedder and then puts it in service; and with the second one."""

    vectors: Vectors
    second_vectors: SecondVectors
    migration: EmbedderMigration
    searcher: MigratingSearcher

    async def run(self, on_progress: Callable[[int, int], None] = lambda n_done, n_total: None) -> int:
        """Embed all passages without a vector of the next embedder, put it in service; return how many were embedded.

        Then embed those without a vector of the second embedder.
        ``on_progress`` gets how many are done, and how many there were at the start.
        """
        latest = self.migration.latest
        await self.vectors.discard_others({latest.id, self.migration.id})
        n_done = await self._embed(latest, self.vectors, on_progress)
        if self.migration.is_under_way:
            await self.searcher.change_over(await self.vectors.spaces())
            log.info("%s has taken over: %d passages were embedded", latest.id, n_done)
        while await self.vectors.adopt(latest.id, _ADOPTED_AT_ONCE):
            pass
        if (second := self.migration.second) is not None:
            await self.second_vectors.discard_others(second.id)
            n_done += await self._embed(second, self.second_vectors, on_progress)
        return n_done

    async def run_in_background(self) -> None:
        """Do the same as ``run``, but log ``Unavailable`` instead of raising it."""
        try:
            await self.run()
        except Unavailable as error:
            log.error("%s does not take over: %s", self.migration.latest.id, error)

    async def _embed(
        self, embedder: Embedder, vectors: Vectors | SecondVectors, on_progress: Callable[[int, int], None]
    ) -> int:
        n_total, n_done, said_s = sum((await vectors.count_missing(embedder.id)).values()), 0, time.monotonic()
        if n_total:
            log.info("embedding %d passages with %s; %s serves", n_total, embedder.id, self.migration.id or "nothing")
        while lacking := await vectors.count_missing(embedder.id):
            for space in lacking:
                after = 0
                while batch := await vectors.missing(space, embedder.id, after, BATCH_PASSAGES):
                    texts = [searched_text(passage.document, passage.heading, passage.text) for passage in batch]
                    rows = await offload(embedder.embed_passages, texts)
                    await vectors.add([passage.id for passage in batch], rows, embedder.id)
                    after, n_done = batch[-1].id, n_done + len(batch)
                    on_progress(n_done, n_total)
                    if time.monotonic() - said_s > _LOG_EVERY_S:
                        log.info("embedded %d of %d passages", n_done, n_total)
                        said_s = time.monotonic()
        return n_done
