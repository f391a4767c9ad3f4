"""Questions at the rate of so many communities, asked of a real ``aion run`` over the loopback.

People ask on a small Telegram (``tests/e2e``) at random moments (Poisson's process), each in a private chat, and only
wait. What is compared with ``bench.capacity_model`` is processor time, which a busy machine changes little. Answers
are quoted (``AION_WRITER=extract``): nobody outside is asked.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import psutil

from bench.timing import p50_p95
from tests.e2e.process import ROOT, aion, running
from tests.e2e.telegram_server import TelegramServer

N_ALONE = 20
"""Questions asked one after the other, for the unit costs."""

PATIENCE_S = 60.0
QUESTIONS = ROOT / "tests" / "scenarios" / "questions.toml"


@dataclass(frozen=True)
class LoadPoint:
    """What a rate of questions took. ``busy_cores``: seconds of processor time a second."""

    per_s: float
    n_answered: int
    n_failed: int
    busy_cores: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class MeasuredCore:
    """One process: its unit costs, asked one question after the other, and a point for each rate."""

    cpu_s_per_question: float
    resident_mb: float
    row_kb: float
    points: tuple[LoadPoint, ...]


class AskingCrowd:
    """People with a private chat each, who ask one question, and the processor time of the process that answers."""

    def __init__(self, telegram: TelegramServer, pid: int) -> None:
        self._telegram = telegram
        self._process = psutil.Process(pid)
        self._questions: Iterator[tuple[str, str]] = cycle(sample_questions())

    def cpu_s(self) -> float:
        """Return the processor time that the process and its children have had."""
        return float(sum(sum(each.cpu_times()[:2]) for each in self._family()))

    def resident_mb(self) -> float:
        """Return what they hold, what they share counted once, in MB."""
        return float(sum(each.memory_full_info().pss for each in self._family())) / 1e6

    async def ask(self) -> float | None:
        """Return the milliseconds until one person has an answer with its buttons; ``None`` without one."""
        language, text = next(self._questions)
        person = self._telegram.person("Ana", language=language)
        chat = self._telegram.private(person)
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        self._telegram.say(chat, person, text)
        try:
            await self._telegram.wait_for_message(lambda m: m.chat["id"] == chat["id"] and bool(m.buttons), PATIENCE_S)
        except TimeoutError:
            return None
        return (loop.time() - start_s) * 1000

    async def one_by_one(self, n: int) -> float:
        """Ask ``n`` questions one after the other; return the processor time of one."""
        before_s = self.cpu_s()
        for _ in range(n):
            await self.ask()
        return (self.cpu_s() - before_s) / n

    async def at_rate(self, per_s: float, seconds: float, draw: random.Random) -> LoadPoint:
        """Ask for so long at random moments, ``per_s`` a second on average, answered or not."""
        loop = asyncio.get_running_loop()
        start_s, before_s = loop.time(), self.cpu_s()
        async with asyncio.TaskGroup() as group:
            asking = []
            while loop.time() - start_s < seconds:
                asking.append(group.create_task(self.ask()))
                await asyncio.sleep(draw.expovariate(per_s))
            asked_s = loop.time() - start_s
        busy_cores = (self.cpu_s() - before_s) / asked_s
        times = [ms for task in asking if (ms := task.result()) is not None]
        p50_ms, p95_ms = p50_p95(times) if times else (0.0, 0.0)
        return LoadPoint(len(asking) / asked_s, len(times), len(asking) - len(times), busy_cores, p50_ms, p95_ms)

    def _family(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]


def sample_questions() -> list[tuple[str, str]]:
    """Return language and text of questions about the sample handbook."""
    asked = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))["samples"]["questions"]
    return [(language, text) for language, text, *_ in asked]


async def measured_core(data_dir: Path, seconds: float, busy: tuple[float, ...]) -> MeasuredCore:
    """Teach AION the samples, run it, and ask for ``seconds`` at each share of a core in ``busy``. Exits on failure."""
    draw = random.Random(7)
    async with TelegramServer() as telegram:
        settings = {
            "TELEGRAM_TOKEN": telegram.token,
            "TELEGRAM_API_BASE": telegram.url,
            "AION_WRITER": "extract",
            **{f"AION_LIMIT_{who}_PER_MINUTE": "0" for who in ("PERSON", "SPACE", "EVERYONE")},
        }
        indexed = await aion(data_dir, "index", str(ROOT / "data" / "samples"), **settings)
        if indexed.status:
            sys.exit(indexed.err)
        async with running(data_dir, **settings) as run:
            await run.until_logged("listening as")
            crowd = AskingCrowd(telegram, run.process.pid)
            await crowd.one_by_one(3)  # the models are loaded
            alone_s = await crowd.one_by_one(N_ALONE)
            points = [await crowd.at_rate(share / alone_s, seconds, draw) for share in busy]
            resident_mb = crowd.resident_mb()
            await run.stop()
    return MeasuredCore(alone_s, resident_mb, kb_per_answer(data_dir / "aion.db"), tuple(points))


def kb_per_answer(file: Path) -> float:
    """Return how much of a database its answers and turns of conversation take for each answer, in kB.

    Inbox rows are left out: they are deleted after a time.
    """
    with sqlite3.connect(file) as connection:
        (n_answers,) = connection.execute("SELECT count(*) FROM answers").fetchone()
        (n_bytes,) = connection.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%answers%' OR name LIKE '%turns%'"
        ).fetchone()
    return float(n_bytes) / 1000 / n_answers
