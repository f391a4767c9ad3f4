"""Backing up, verifying and restoring a data folder while it answers: stub vectors, invented words, all else real.

Run: python bench/backup.py [N_PASSAGES ...]   (100,000 without arguments)
Questions are searched, judged, quoted from the passages and recorded; there is no model. Prints seconds of each step,
the archive's size, milliseconds of a question before and during the backup, and whether the restored folder finds the
same passages with the same scores.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.search_index import open_index
from bench.store import build
from bench.synthetic import SPACE, StubEmbedder, ZipfWords
from bench.table import heading, row
from bench.timing import p50_p95, timed
from bot.adapters.console import DiscardingOutlet
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.backup.archive import Advance
from core.backup.backups import Backups, verify
from core.backup.places import FolderPlace
from core.backup.restore import restore
from core.backup.sqlite_snapshot import SqliteSnapshot
from core.offload import offload
from core.settings import Settings
from core.types import Message, Person, Scope
from plugins import load_plugins
from tests.fakes import ScriptedGenerator

N_WARM, N_BEFORE, N_COMPARED = 20, 200, 50
QUESTIONS_PER_S = 20.0


def unseen(n_bytes: int) -> Advance:
    return lambda n_done: None


async def questions(aion: Aion, is_done: Callable[[int], bool]) -> list[float]:
    """Ask at ``QUESTIONS_PER_S`` until ``is_done``; return milliseconds from each question to its recorded answer."""
    words, taken = ZipfWords(), list[float]()
    person = Person("bench:ana", "Ana")
    while not is_done(len(taken)):
        asked = Message(f"bench:{time.monotonic_ns()}", "terminal", SPACE, f"bench:{len(taken)}", person, words.text(8))
        start_s = time.perf_counter()
        await aion.questions.answer(asked, asked.text, DiscardingOutlet())
        taken.append((time.perf_counter() - start_s) * 1000)
        await asyncio.sleep(max(0.0, 1 / QUESTIONS_PER_S - taken[-1] / 1000))
    return taken


async def found(folder: Path) -> list[list[tuple[int, float]]]:
    """Return ids and scores of what some questions find."""
    words = ZipfWords()
    async with open_index(folder, StubEmbedder()) as index:
        results = [await index.searcher.search(Scope(SPACE), words.text(8), "en") for _ in range(N_COMPARED)]
    return [[(hit.passage.id, hit.score) for hit in result.hits] for result in results]


async def measure(root: Path, n_passages: int) -> None:
    data, new = root / "data", root / "new"
    await build(data, n_passages)
    backups = Backups(data, SqliteSnapshot(data), b"", FolderPlace(root / "kept"))
    settings = Settings.model_validate({"AION_DATA_DIR": data, "AION_READER": "off", "AION_WRITER": "extract"})
    writer = ScriptedGenerator([])  # who is never asked
    async with assemble(settings, load_plugins(), embedder=StubEmbedder(), local=writer) as aion:
        await questions(aion, lambda n: n == N_WARM)
        before = await questions(aion, lambda n: n == N_BEFORE)
        with timed() as making:
            task = asyncio.create_task(offload(backups.make, unseen))
            during = await questions(aion, lambda _: task.done())
            made = await task
    archive = root / "kept" / made.name
    with archive.open("rb") as file, timed() as verifying:
        await offload(verify, file, SqliteSnapshot(new), None, unseen)
    with archive.open("rb") as file, timed() as restoring:
        await offload(restore, file, new, SqliteSnapshot(new), None, unseen)
    same = await found(new) == await found(data)
    sizes = [(data / "aion.db").stat().st_size / 1e6, archive.stat().st_size / 1e6]
    print(f"\n{n_passages:,} passages, {sizes[0]:,.0f} MB of database, {sizes[1]:,.0f} MB of archive\n")
    print(heading("what", "s"))
    for name, elapsed in (("back up, while asked", making), ("verify", verifying), ("restore", restoring)):
        print(row(name, f"{elapsed.wall_s:.1f}"))
    print(f"\n{heading('a question', 'p50 ms', 'p95 ms')}")
    for name, taken in (("before", before), ("during the backup", during)):
        print(row(name, *(f"{value:.1f}" for value in p50_p95(taken))))
    print(f"\nfinds the same once restored: {'yes' if same else 'NO'}")


async def main(sizes: list[str]) -> None:
    for size in sizes or ["100000"]:
        with tempfile.TemporaryDirectory() as folder:
            await measure(Path(folder), int(size))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
