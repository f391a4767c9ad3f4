"""``aion`` without models, every command of it: all real but the embedder, and a writer who is mute, so it quotes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot import cli
from bot.operator import run
from bot.terminal import open_aion
from core import dispatch
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.settings import Settings
from tests.fakes import ScriptedGenerator, WordEmbedder


@asynccontextmanager
async def light(
    settings: Settings, registry: Registry, tell: Callable[[str], None] = lambda key: None
) -> AsyncIterator[Aion]:
    """Assemble without models."""
    async with assemble(settings, registry, tell, embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        yield aion


def main() -> None:
    """Be ``aion``, which leaves no question however often it is interrupted."""
    dispatch.MAX_RUNS = 1_000
    for module in (run, open_aion):
        module.assemble = light  # type: ignore[attr-defined]  # imported there
    cli.main()


if __name__ == "__main__":
    main()
