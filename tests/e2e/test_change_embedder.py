"""AION_EMBEDDER changed under a full data folder, and the process killed while the new one takes over."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from process import aion, start

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

MODULE = "tests.e2e.quick_change"


def vectors(data_dir: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many vectors there are of each embedder: the passages' own, and the coming ones."""
    with closing(sqlite3.connect(data_dir / "aion.db")) as connection:
        own, coming = (
            dict(connection.execute(f"SELECT embedder_id, COUNT(*) FROM {table} GROUP BY embedder_id").fetchall())
            for table in ("passages", "coming_vectors")
        )
    return own, coming


async def asked(data_dir: Path, embedder: str) -> str:
    """Return the passage that is cited first for a question."""
    done = await aion(
        data_dir, "chat", "--once", "Where is the spare key?", "--json", module=MODULE, AION_EMBEDDER=embedder
    )
    assert done.status == 0, done.err
    return str(done.json["sources"][0]["quote"])


async def test_killed_midway_the_former_serves_and_the_new_one_goes_on(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "key.md").write_text("The spare key is under the pot.")
    for number in range(640):
        (notes / f"{number}.md").write_text(f"Note number {number} is about thing {number * 7919}.")
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    taught = await aion(data_dir, "index", str(notes), module=MODULE, AION_EMBEDDER="words")
    assert taught.status == 0, taught.err
    assert vectors(data_dir) == ({"words-256": 641}, {})

    for _ in range(2):
        process = await start(data_dir, "reembed", module=MODULE, AION_EMBEDDER="narrow")
        n_before = vectors(data_dir)[1].get("narrow-64", 0)
        async with asyncio.timeout(60):
            while vectors(data_dir)[1].get("narrow-64", 0) < n_before + 128:
                assert process.returncode is None
                await asyncio.sleep(0.02)
        process.kill()
        await process.communicate()
        own, coming = vectors(data_dir)
        assert own == {"words-256": 641} and n_before < coming["narrow-64"] < 641
        assert "under the pot" in await asked(data_dir, "narrow")

    assert (await aion(data_dir, "reembed", module=MODULE, AION_EMBEDDER="narrow")).status == 0
    assert vectors(data_dir) == ({"narrow-64": 641}, {})
    assert "under the pot" in await asked(data_dir, "narrow")
