"""What it costs that accepted messages and thumbs wait for the disk: SQLite's synchronous=FULL beside NORMAL.

Run: python bench/durability.py [FOLDER]   (a folder on the disk to measure; the temporary one without an argument)
Prints commits a second and milliseconds of one commit for a person alone and for 32 at once, whose writes share
commits, and the same for documents of 100 passages, which stay NORMAL.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import Executable

from bench.synthetic import store, unit_vectors
from bench.table import heading, row
from bench.timing import p50_p95
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.group_commit import GroupCommit
from core.types import Message, Person, SpaceId

N_WRITES, N_DOCUMENTS = 400, 40
ANA = Person("discord:1", "Ana")


async def milliseconds(work: Callable[[int], Awaitable[object]], n_writes: int, n_at_once: int) -> list[float]:
    """Return how long each of ``n_writes`` took, ``n_at_once`` of them at a time."""
    numbers, taken = iter(range(n_writes)), []

    async def one_after_another() -> None:
        for number in numbers:
            start_s = time.perf_counter()
            await work(number)
            taken.append((time.perf_counter() - start_s) * 1000)

    await asyncio.gather(*(one_after_another() for _ in range(n_at_once)))
    return taken


async def measure(folder: Path) -> None:
    print(heading("what", "at once", "commit", "a second", "p50 ms", "p95 ms"))
    async with await Database.open(folder) as database:
        accepting = Inbox(database)
        for name in ("NORMAL", "FULL"):
            for n_at_once in (1, 32):

                async def accept(number: int, prefix: str = f"{name}-{n_at_once}") -> object:
                    key, space = f"{prefix}-{number}", SpaceId("discord:1")
                    address = {"channel": "1"}
                    return await accepting.accept(Message(key, "discord", space, "1", ANA, "When?", address=address))

                writes = accepting._writes
                assert isinstance(writes, GroupCommit)
                # What the product never does, and so has no setting for, is put in from outside to be compared.
                writes._database = database if name == "FULL" else _Normal(database)  # type: ignore[assignment]
                start_s = time.perf_counter()
                taken = await milliseconds(accept, N_WRITES, n_at_once)
                rate = N_WRITES / (time.perf_counter() - start_s)
                print(
                    row("a message accepted", n_at_once, name, f"{rate:,.0f}", *(f"{ms:.2f}" for ms in p50_p95(taken)))
                )
        draw, documents = np.random.default_rng(7), Documents(database)
        for name, begin in (("NORMAL", database.write), ("FULL", database.write_durably)):
            database.write = begin  # type: ignore[method-assign]  # documents wait for the disk here alone

            async def learn(number: int, prefix: str = name) -> None:
                texts = [f"{prefix} {number} passage {n}" for n in range(100)]
                await store(documents, f"{prefix} {number}", texts, unit_vectors(draw, 100))

            start_s = time.perf_counter()
            taken = await milliseconds(learn, N_DOCUMENTS, 1)
            rate = N_DOCUMENTS * 100 / (time.perf_counter() - start_s)
            print(row("100 passages stored", 1, name, f"{rate:,.0f}", *(f"{ms:.2f}" for ms in p50_p95(taken))))


class _Normal:
    """The database, whose group commits do not wait for the disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write_all_durably(self, statements: Sequence[Executable]) -> list[int]:
        return await self._database.write_all(statements)


def main() -> None:
    given = Path(sys.argv[1]) if sys.argv[1:] else None
    with tempfile.TemporaryDirectory(dir=given) as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
