"""The models of one process: those handed in, the others opened from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from core.assembly.models import open_local, open_migrating_gate, open_set_reader
from core.generation.answer_cache import written_by
from core.generation.local.lora_follower import following
from core.knowledge.reembed import open_migration
from core.models.catalog import Tell
from core.models.registry import LoraRegistry
from core.ports import Embedder, Gate, LocalModel, Reader
from core.retrieval.embed import open_embedder, open_second
from core.retrieval.embedder_migration import EmbedderMigration
from core.settings import Settings
from core.storage.embeddings.vectors import Vectors


@dataclass(frozen=True, slots=True)
class ModelSet:
    """The embedders, the local language model, the reader (``None``: off) and the gate."""

    embedders: EmbedderMigration
    local: LocalModel
    reader: Reader | None
    gate: Gate

    def version(self) -> str:
        """Return what an answer depends on besides its passages, for the cache of answers."""
        return f"{self.embedders.id} {written_by(self.gate, self.local)}"


@asynccontextmanager
async def open_model_set(
    settings: Settings,
    vectors: Vectors,
    versions: LoraRegistry,
    tell: Tell,
    *,
    embedder: Embedder | None = None,
    second: Embedder | None = None,
    local: LocalModel | None = None,
    gate: Gate | None = None,
    reader: Reader | None = None,
) -> AsyncIterator[ModelSet]:
    """Yield the models; a local model opened here follows ``versions``, and is closed at the end of the block."""
    async with AsyncExitStack() as stack:
        open_by_name = partial(open_embedder, models_dir=settings.models_dir, tell=tell)
        second = open_second(settings.second_embedder, settings.embedder) if embedder is None else second
        embedder = embedder or open_by_name(settings.embedder)
        embedders = await open_migration(vectors, embedder, settings.embedder, open_by_name, second)
        if local is None:
            local = opened = open_local(settings, tell)
            stack.push_async_callback(opened.close)
            await stack.enter_async_context(following(opened, versions))
        reader = reader or open_set_reader(settings, embedder.id, tell, second)
        yield ModelSet(embedders, local, reader, gate or open_migrating_gate(settings, embedders, reader))
