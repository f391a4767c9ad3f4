"""``aion run``, ``gateway`` and ``core`` without models, for tests that kill them.

Everything is real but the embedder, the writer and one command.
Questions are searched, judged and recorded; the answer is what ``spoken`` makes of them. ``/echo text`` replies with
its text as soon as the data folder holds no file ``hold``, and a question with ``held`` in it begins then; ``long`` in
the text makes it three chat messages on either platform.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot import cli
from bot.operator import core, gateway, run
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Command, Context, Parameter, Registry
from core.pipeline import Pipeline, Question, Show
from core.ports import MessageProcessor
from core.settings import Settings
from core.types import Answer
from tests.e2e.quick_words import spoken
from tests.fakes import ScriptedGenerator, WordEmbedder

HOLD = Path(os.environ["AION_DATA_DIR"]) / "hold"


@dataclass(frozen=True)
class Echo:
    """The real pipeline, but that an answer says its question."""

    pipeline: Pipeline

    async def answer(self, question: Question, show: Show, writing: Callable[[], None] = lambda: None) -> Answer:
        """Answer with what ``spoken`` makes of the question; one with ``stream`` in it is shown while it is written."""
        if "held" in question.text:
            await until_free()
        answer = await self.pipeline.answer(question, show, writing)
        if "stream" in question.text:
            await show("Echo:")
            await asyncio.sleep(0.05)
        return replace(answer, text=spoken(question.text))

    async def answer_unaddressed(self, question: Question) -> Answer | None:
        """Answer as the pipeline does."""
        return await self.pipeline.answer_unaddressed(question)


async def until_free() -> None:
    """Wait until there is no file ``hold``."""
    while HOLD.exists():  # noqa: ASYNC110 (another process takes it away)
        await asyncio.sleep(0.01)


async def echo(context: Context) -> None:
    """Reply with the text that was given."""
    await until_free()
    await context.reply(spoken(context.message.arguments["text"]))


@asynccontextmanager
async def quick(
    settings: Settings, registry: Registry, processor: MessageProcessor | None = None
) -> AsyncIterator[Aion]:
    """Assemble without models, and with ``/echo``."""
    text = Parameter("text", {"en": "What to say", "pt": "O que dizer"})
    registry.add(Command("echo", {"en": "Say it again", "pt": "Repita"}, echo, (text,)))
    local = ScriptedGenerator([])
    async with assemble(settings, registry, embedder=WordEmbedder(), local=local, processor=processor) as aion:
        questions = replace(aion.questions, pipeline=Echo(aion.questions.pipeline))
        here = replace(aion.processor, questions=questions)
        yield replace(aion, processor=here, dispatch=replace(aion.dispatch, processor=processor or here))


if __name__ == "__main__":
    run.assemble = core.assemble = gateway.assemble = quick  # type: ignore[assignment]  # fewer options
    cli.main()
