"""``aion run`` without models, for tests that kill it: everything real but the embedder and a writer who is mute."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import cli
from bot.operator import run
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.settings import Settings
from tests.fakes import ScriptedGenerator, WordEmbedder


@asynccontextmanager
async def quick(settings: Settings, registry: Registry) -> AsyncIterator[Aion]:
    """Assemble without models."""
    async with assemble(settings, registry, embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        yield aion


if __name__ == "__main__":
    run.assemble = quick  # type: ignore[assignment]
    cli.main()
