"""``aion core`` whose answers wait instead of being generated: everything else is searched, judged and recorded.

``N_SLOTS`` answers wait at a time, as a model writes only so many at once, for ``WAIT_S`` each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bot import cli
from bot.operator import core
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.pipeline import Pipeline, Question, Show
from core.settings import Settings
from core.types import Answer
from tests.fakes import ScriptedGenerator, WordEmbedder

N_SLOTS, WAIT_S = 4, 4.0


@dataclass(frozen=True)
class Waiting:
    """The real pipeline, behind a model that only waits."""

    pipeline: Pipeline
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(N_SLOTS))

    async def answer(self, question: Question, show: Show, writing: Callable[[], None] = lambda: None) -> Answer:
        """Answer as the pipeline does, and wait."""
        answer = await self.pipeline.answer(question, show, writing)
        async with self.slots:
            await asyncio.sleep(WAIT_S)
        return answer


@asynccontextmanager
async def waiting(settings: Settings, registry: Registry) -> AsyncIterator[Aion]:
    """Assemble without models."""
    async with assemble(settings, registry, embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        questions = replace(aion.questions, pipeline=Waiting(aion.questions.pipeline))  # type: ignore[arg-type]  # of a pipeline it asks `answer` alone
        yield replace(aion, processor=replace(aion.processor, questions=questions))


if __name__ == "__main__":
    core.assemble = waiting  # type: ignore[assignment]  # it takes fewer options
    cli.main()
