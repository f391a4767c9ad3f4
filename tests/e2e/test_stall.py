"""One slow answer holds nobody up: the event loop's longest stall while the real models work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from notes import write_notes

from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import GLOBAL, PromptTurn, Sampling
from plugins import load_plugins
from tests.fakes import CollectingOutlet, message

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

BLOCKED_S = 0.25
"""The target is 0.1 s (the benchmark shows it); a machine that is busy with other things adds to any measurement.
Work that did run on the event loop would stall it for seconds here."""


@dataclass
class Stall:
    """The longest time for which the event loop did not get its turn."""

    longest_s: float = 0.0


@asynccontextmanager
async def watched() -> AsyncIterator[Stall]:
    """Measure the loop's stalls while the block runs."""
    stall = Stall()

    async def tick() -> None:
        while True:
            start_s = time.perf_counter()
            await asyncio.sleep(0.005)
            stall.longest_s = max(stall.longest_s, time.perf_counter() - start_s - 0.005)

    ticking = asyncio.create_task(tick())
    try:
        yield stall
    finally:
        ticking.cancel()


@pytest.mark.slow
async def test_commands_are_answered_while_a_model_writes_and_documents_are_indexed(data_dir: Path) -> None:
    settings = Settings.model_validate({"AION_DATA_DIR": data_dir})
    notes = write_notes(data_dir / "notes")
    async with assemble(settings, load_plugins()) as aion:
        await aion.warm()
        await aion.ingest.index_paths(GLOBAL, [notes])
        for n in range(30):
            (notes / f"more{n}.md").write_text(f"# Page {n}\n\n" + f"Shed number {n} holds a ladder. " * 60)
        prompt = [PromptTurn("user", "Write a long story about a garden, with many details.")]
        n_tokens = 0
        begun = asyncio.Event()

        async def write() -> None:
            nonlocal n_tokens
            async for piece in aion.local.stream(prompt, Sampling(max_new_tokens=80, seed=1)):
                n_tokens += len(piece.log_probs)
                begun.set()

        async with watched() as stall, asyncio.TaskGroup() as group:
            writing = group.create_task(write())
            group.create_task(aion.ingest.index_paths(GLOBAL, [notes]))
            await begun.wait()
            outlet = CollectingOutlet()
            await aion.dispatch.handle(message("/help", key="1", command="help"), outlet)
            assert not writing.done()  # the command did not wait for the story
            assert "/ask" in outlet.text
            question = CollectingOutlet()
            await aion.dispatch.handle(message("Qual a cor do galpão dos barcos?", key="2"), question)
        assert n_tokens == 80
        assert "azul" in question.text
        print(f"longest stall of the event loop: {stall.longest_s * 1000:.0f} ms")
        assert stall.longest_s < BLOCKED_S
