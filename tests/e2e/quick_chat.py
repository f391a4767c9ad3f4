"""``aion`` without models, for the commands of the terminal: every question is one for a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot import cli
from bot.operator import run, serve
from bot.terminal import open_aion
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.settings import Settings
from core.types import Confidence, Decision, SearchResult
from tests.fakes import ScriptedGenerator, WordEmbedder


class Unsure:
    """A gate that leaves everything to the providers."""

    def decide(self, found: SearchResult) -> Decision:
        return Decision("provider", Confidence(0.5, 0.5))


@asynccontextmanager
async def quick(
    settings: Settings, registry: Registry, tell: Callable[[str], None] = lambda key: None
) -> AsyncIterator[Aion]:
    """Assemble without models."""
    local = ScriptedGenerator([])
    async with assemble(settings, registry, tell, embedder=WordEmbedder(), local=local, gate=Unsure()) as aion:
        yield aion


if __name__ == "__main__":
    for module in (open_aion, run, serve):
        module.assemble = quick  # type: ignore[attr-defined]
    cli.main()
