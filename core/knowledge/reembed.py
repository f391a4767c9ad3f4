"""Giving stored passages the vectors of another embedder, batch by batch.

It can be stopped at any moment and goes on where it was. Until its batch is done, a passage keeps its old vector.
"""

from __future__ import annotations

from collections.abc import Callable

from core.knowledge.prepare import BATCH_PASSAGES
from core.offload import offload
from core.ports import Embedder
from core.retrieval.chunk import searched_text
from core.storage.passages import Passages


async def reembed(passages: Passages, embedder: Embedder, on_progress: Callable[[int, int], None]) -> int:
    """Embed every passage that has another embedder's vector, space by space, and return how many there were.

    ``on_progress`` is given how many are done, and how many there were at the start.
    """
    n_foreign = await passages.count_foreign(embedder.id)
    n_total, n_done = sum(n_foreign.values()), 0
    for space in n_foreign:
        while batch := await passages.foreign(space, embedder.id, BATCH_PASSAGES):
            texts = [searched_text(passage.document, passage.heading, passage.text) for passage in batch]
            vectors = await offload(embedder.embed_passages, texts)
            await passages.replace_vectors(space, [passage.id for passage in batch], vectors, embedder.id)
            n_done += len(batch)
            on_progress(n_done, n_total)
    return n_done
