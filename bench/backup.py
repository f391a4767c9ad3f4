"""Backing up, verifying and restoring a data folder while it is searched: stub vectors, invented words, all else real.

Run: python bench/backup.py [N_PASSAGES ...]   (100,000 without arguments)
Prints seconds of each, the archive's size, milliseconds of a search before and during the backup, and whether the
restored folder finds the same passages with the same scores.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.search_index import SearchIndex, open_index
from bench.store import build
from bench.synthetic import SPACE, StubEmbedder, ZipfWords
from bench.table import heading, row
from bench.timing import p50_p95, timed
from core.backup.archive import Advance
from core.backup.backups import Backups, verify
from core.backup.places import FolderPlace
from core.backup.restore import restore
from core.backup.sqlite_snapshot import SqliteSnapshot
from core.offload import offload
from core.types import Scope

N_BEFORE, N_COMPARED = 200, 50
QUESTIONS_PER_S = 20.0


def unseen(n_bytes: int) -> Advance:
    return lambda n_done: None


async def searches(index: SearchIndex, is_done: Callable[[int], bool]) -> list[float]:
    """Search at ``QUESTIONS_PER_S`` until ``is_done``; return milliseconds of each search."""
    words, taken = ZipfWords(), []
    while not is_done(len(taken)):
        start_s = time.perf_counter()
        await index.searcher.search(Scope(SPACE), words.text(8), "en")
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
    async with open_index(data, StubEmbedder()) as index:
        await index.searcher.search(Scope(SPACE), "warm", "en")
        before = await searches(index, lambda n: n == N_BEFORE)
        with timed() as making:
            task = asyncio.create_task(offload(backups.make, unseen))
            during = await searches(index, lambda _: task.done())
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
    for name, elapsed in (("back up, while searched", making), ("verify", verifying), ("restore", restoring)):
        print(row(name, f"{elapsed.wall_s:.1f}"))
    print(f"\n{heading('a search', 'p50 ms', 'p95 ms')}")
    for name, taken in (("before", before), ("during the backup", during)):
        print(row(name, *(f"{value:.1f}" for value in p50_p95(taken))))
    print(f"\nfinds the same once restored: {'yes' if same else 'NO'}")


async def main(sizes: list[str]) -> None:
    for size in sizes or ["100000"]:
        with tempfile.TemporaryDirectory() as folder:
            await measure(Path(folder), int(size))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
