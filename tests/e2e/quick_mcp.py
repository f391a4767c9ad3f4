"""``aion mcp`` without models, for a client that starts it: everything real but the embedder and a mute writer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import cli
from bot.operator import mcp
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import read_settings
from plugins import load_plugins
from tests.fakes import ScriptedGenerator, WordEmbedder


@asynccontextmanager
async def quick() -> AsyncIterator[Aion]:
    """Assemble without models."""
    async with assemble(read_settings(), load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        yield aion


if __name__ == "__main__":
    mcp.open_aion = quick  # type: ignore[assignment]
    cli.main()
