"""``aion serve`` without a model: everything real but the engine, which writes ``TEXT`` with a pause between words."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import cli, serving
from core.bootstrap import Aion, assemble
from core.commands import Registry
from core.settings import Settings
from tests.fakes import TickingGenerator, WordEmbedder


@asynccontextmanager
async def quick(settings: Settings, registry: Registry) -> AsyncIterator[Aion]:
    """Assemble without models."""
    engine = TickingGenerator(os.environ.get("TEXT", "tick tock"), float(os.environ.get("PAUSE_S", "0")))
    async with assemble(settings, registry, embedder=WordEmbedder(), local=engine) as aion:
        yield aion


if __name__ == "__main__":
    serving.assemble = quick  # type: ignore[assignment]
    cli.main()
