"""A stranger sends files that take for ever, in private: another person's question is answered meanwhile.

The whole core with its own sandboxes, ``/health`` over it, and a generator that answers at once.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.heartbeat import Heartbeat
from bot.web.app import create_app
from bot.web.health import health_router
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.knowledge.parsing import sandboxed_parser
from core.sandbox import process
from core.settings import Settings
from core.types import Person, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder, attachment, message
from tests.stoppers import dotted, nested_pdf, tagged, zalgo

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's"),
]

STRANGER, ANA = Person("telegram:66", "Stranger"), Person("telegram:1", "Ana")
PRIVATE, HERE = SpaceId("telegram:dm:66"), SpaceId("telegram:-1")
FILES = {
    "nested.pdf": nested_pdf(),
    "marks.txt": zalgo(80_000).encode(),
    "dots.txt": dotted(15_000).encode(),
    "tags.html": tagged("<p>a", 250_000).encode(),
    "links.html": tagged("<a>", 20_000).encode(),
}
GATES = ("north", "kiln", "barn", "dock", "mill", "loft")
MAX_GROWTH_BYTES = 150_000_000


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Aion, httpx.AsyncClient]]:
    settings = Settings(_env_file=None, AION_DATA_DIR=folder)
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        heartbeat = Heartbeat()
        beating = asyncio.create_task(heartbeat.run())
        app = create_app([health_router(aion, [], heartbeat, lambda: True)])
        try:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://aion") as client:
                yield aion, client
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)


async def teach(aion: Aion, name: str) -> str:
    """Send a file with ``/index`` in the stranger's private chat; return the reply."""
    outlet = CollectingOutlet()
    said = message(
        "", key=name, command="index", person=STRANGER, space=PRIVATE, attachments=(attachment(name, FILES[name]),)
    )
    await aion.dispatch.handle(replace(said, platform="telegram"), outlet)
    return outlet.text


async def ask(aion: Aion, gate: str) -> str:
    outlet = CollectingOutlet()
    said = message(f"When does the {gate} gate open?", key=gate, person=ANA, space=HERE)
    await aion.dispatch.handle(replace(said, platform="telegram"), outlet)
    return outlet.text


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def children() -> list[int]:
    """Return the sandboxes of this process that are alive."""
    found = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            is_ours = f"PPid:\t{os.getpid()}\n" in (status.parent / "status").read_text()
            if is_ours and "core.knowledge.parsing.process" in status.read_text():
                found.append(int(status.parent.name))
        except OSError:
            continue
    return found


async def test_a_stranger_s_files_stop_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxed_parser, "_CPU_S", 4.0)
    monkeypatch.setattr(process, "_WALL_FACTOR", 1_000.0)  # a busy machine may give a sandbox little of a processor
    async with opened(tmp_path) as (aion, health):
        for gate in GATES:
            text = f"# The {gate} gate\n\nThe {gate} gate opens at nine o'clock.\n"
            await aion.ingest.index_file(HERE, f"{gate}.md", text.encode())
        await ask(aion, GATES[0])
        before = resident_bytes()
        sent = {name: asyncio.create_task(teach(aion, name)) for name in FILES}
        late_s: list[float] = []
        for gate in GATES[1:]:
            began_s = time.perf_counter()
            assert "nine" in await ask(aion, gate)
            late_s.append(time.perf_counter() - began_s)
            assert (await health.get("/health")).status_code == 200
        assert not sent["nested.pdf"].done()  # every answer came while it was still being read
        print(f"{len(late_s)} answers meanwhile, the slowest after {max(late_s):.2f} s")
        replies = {name: await task for name, task in sent.items()}
        assert "took too long to read" in replies["nested.pdf"]
        assert "took too long" not in replies["dots.txt"] + replies["marks.txt"]
        assert (await health.get("/health")).json()["problems"] == []
        sent_again = time.process_time()
        assert "took too long to read" in await teach(aion, "nested.pdf")
        assert time.process_time() - sent_again < 5
        assert resident_bytes() - before < MAX_GROWTH_BYTES
    assert children() == []
