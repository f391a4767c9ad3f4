"""Another embedder taking over: every passage gets a vector of it, beside the one that goes on being searched.

It can be stopped at any moment, killed too, and goes on where it was. See ``core.retrieval.embedder_migration``.
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
from core.storage.vectors import Vectors

log = logging.getLogger(__name__)

_LOG_EVERY_S = 30.0
_ADOPTED_AT_ONCE = 500
"""Vectors that are moved in one transaction: a moment's wait for whoever else writes."""


async def open_succession(
    vectors: Vectors, embedder: Embedder, name: str, open_embedder: Callable[[str], Embedder]
) -> EmbedderMigration:
    """Return who serves until ``embedder``, set as ``name``, has vectors of everything: the one that has, if any.

    Where that one cannot be loaded any more, words alone are searched meanwhile.
    """
    await vectors.save_name(embedder.id, name)
    if not await vectors.count_missing(embedder.id):
        return EmbedderMigration(embedder)
    for embedder_id in sorted(await vectors.embedders() - {embedder.id}):
        if await vectors.count_missing(embedder_id):
            continue
        known_as = await vectors.name(embedder_id) or embedder_id.partition("@")[0]
        if (former := await offload(_loaded, open_embedder, known_as, embedder_id)) is not None:
            return EmbedderMigration(embedder, former)
    log.warning("the embedder of the stored passages cannot be loaded: until they are embedded again, words decide")
    return EmbedderMigration(embedder, LexicalOnlyEmbedder())


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
    """Gives every passage a vector of the embedder to come, and has it take over."""

    vectors: Vectors
    succession: EmbedderMigration
    searcher: MigratingSearcher

    async def run(self, on_progress: Callable[[int, int], None] = lambda n_done, n_total: None) -> int:
        """Embed what has no vector of the embedder to come, put it in service, and return how many there were.

        ``on_progress`` is given how many are done, and how many there were at the start.
        """
        latest = self.succession.latest
        await self.vectors.discard_others({latest.id, self.succession.id})
        n_done = await self._embed(latest, on_progress)
        if self.succession.is_under_way:
            await self.searcher.change_over(await self.vectors.spaces())
            log.info("%s has taken over: %d passages were embedded", latest.id, n_done)
        while await self.vectors.adopt(latest.id, _ADOPTED_AT_ONCE):
            pass
        return n_done

    async def attempt(self) -> None:
        """Do the same in the background of something else: that it cannot be done is only logged."""
        try:
            await self.run()
        except Unavailable as error:
            log.error("%s does not take over: %s", self.succession.latest.id, error)

    async def _embed(self, latest: Embedder, on_progress: Callable[[int, int], None]) -> int:
        n_total, n_done, said_s = sum((await self.vectors.count_missing(latest.id)).values()), 0, time.monotonic()
        if n_total:
            log.info("embedding %d passages with %s; %s serves", n_total, latest.id, self.succession.id or "nothing")
        while lacking := await self.vectors.count_missing(latest.id):
            for space in lacking:
                after = 0
                while batch := await self.vectors.missing(space, latest.id, after, BATCH_PASSAGES):
                    texts = [searched_text(passage.document, passage.heading, passage.text) for passage in batch]
                    rows = await offload(latest.embed_passages, texts)
                    await self.vectors.add([passage.id for passage in batch], rows, latest.id)
                    after, n_done = batch[-1].id, n_done + len(batch)
                    on_progress(n_done, n_total)
                    if time.monotonic() - said_s > _LOG_EVERY_S:
                        log.info("embedded %d of %d passages", n_done, n_total)
                        said_s = time.monotonic()
        return n_done
