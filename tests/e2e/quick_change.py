"""``aion`` without models, but two embedders that AION_EMBEDDER names: ``words`` and ``narrow``, which is slow."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot import cli
from bot.terminal import open_aion
from core.assembly import bootstrap, model_set
from core.assembly.aion import Aion
from core.commands import Registry
from core.errors import Unavailable
from core.ports import Embedder
from core.settings import Settings
from core.types import Matrix
from tests.fakes import ScriptedGenerator, WordEmbedder

real = bootstrap.assemble


class Narrow(WordEmbedder):
    """Of another dimension, and a tenth of a second for each batch."""

    id = "narrow-64"
    dim = 64

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        time.sleep(0.1)
        return super().embed_passages(texts)


def open_embedder(name: str, models_dir: Path, tell: Callable[[str], None]) -> Embedder:
    """Return one of the two."""
    if name not in ("words", "narrow"):
        raise Unavailable("models.missing", name=name)
    return WordEmbedder() if name == "words" else Narrow()


@asynccontextmanager
async def quick(settings: Settings, registry: Registry, tell: Callable[[str], None]) -> AsyncIterator[Aion]:
    """Assemble without models."""
    async with real(settings, registry, tell, local=ScriptedGenerator([])) as aion:
        yield aion


if __name__ == "__main__":
    model_set.open_embedder = open_embedder
    open_aion.assemble = quick  # type: ignore[assignment]
    cli.main()
