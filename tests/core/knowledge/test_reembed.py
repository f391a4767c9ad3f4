"""One embedder taking over from another of another dimension, while questions are asked and documents come in."""

from __future__ import annotations

import logging
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from core.knowledge.ingest import Ingest
from core.knowledge.reembed import Reembedding, open_migration
from core.ports import Embedder
from core.retrieval.embedder_migration import EmbedderMigration, MigratingSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.embeddings.second_vectors import SecondVectors
from core.storage.embeddings.vectors import Vectors
from core.storage.passages import Passages
from core.types import GLOBAL, Matrix, Scope, SearchResult, SpaceId
from tests.fakes import WordEmbedder
from tests.parser import InProcessParser

HERE = SpaceId("discord:1")
KEY = "Where is the spare key?"


class Narrow(WordEmbedder):
    """Another embedder, of another dimension; ``before`` is called ahead of each batch."""

    id = "narrow-64"
    dim = 64

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self._before = before

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        self._before()
        return super().embed_passages(texts)


class World:
    """A data folder opened with one embedder; ``known`` are those that can be loaded by name."""

    def __init__(self, folder: Path, database: Database, migration: EmbedderMigration) -> None:
        self.migration = migration
        self.passages, self.documents = Passages(database), Documents(database)
        self.vectors = Vectors(database)
        self.searcher = MigratingSearcher(migration, self.passages, folder / "indexes")
        self.ingest = Ingest(self.documents, migration, None, InProcessParser(), max_file_bytes=100_000)  # type: ignore[arg-type]
        self.second_vectors = SecondVectors(database)
        self.reembedding = Reembedding(self.vectors, self.second_vectors, migration, self.searcher)

    async def search(self, query: str = KEY, space: SpaceId = HERE) -> SearchResult:
        return await self.searcher.search(Scope(space), query, "en")

    async def teach(self, name: str, text: str, space: SpaceId = HERE) -> None:
        await self.ingest.index_file(space, name, text.encode())


@asynccontextmanager
async def world(folder: Path, embedder: Embedder, *known: Embedder) -> AsyncIterator[World]:
    def open_embedder(name: str) -> Embedder:
        for each in known:
            if each.id == name:
                return each
        raise Unavailable("models.missing", name=name)

    async with await Database.open(folder) as database:
        opened = World(folder, database, await open_migration(Vectors(database), embedder, embedder.id, open_embedder))
        yield opened
        await opened.searcher.close()


@pytest.fixture
async def taught(tmp_path: Path) -> Path:
    async with world(tmp_path, WordEmbedder()) as first:
        await first.teach("key.md", "The spare key is under the pot.")
        await first.teach("rules.md", "Every house key is numbered.", GLOBAL)
        for number in range(150):
            await first.teach(f"{number}.md", f"Note {number} tells of thing {zlib.crc32(str(number).encode())}.")
        assert (await first.search()).hits[0].passage.text == "The spare key is under the pot."
    return tmp_path


async def test_what_was_taught_before_there_was_a_second_embedder_gets_its_vectors_too(taught: Path) -> None:
    async with world(taught, WordEmbedder()) as now:
        now.migration.second = second = Narrow()
        steps: list[tuple[int, int]] = []
        assert await now.reembedding.run(lambda n_done, n_total: steps.append((n_done, n_total))) == 152
        assert steps[-1] == (152, 152) and not now.migration.is_under_way
        await now.teach("later.md", "The later key hangs at the door.")
        assert await now.second_vectors.count_missing(second.id) == {}  # a new passage is stored with its own
        assert await now.reembedding.run() == 0
        now.migration.second = None
        assert await now.reembedding.run() == 0


def length(found: SearchResult) -> int:
    return len(found.query_vector)


async def test_the_former_serves_until_the_new_one_has_everything_then_all_change_at_once(taught: Path) -> None:
    seen: list[int] = []
    async with world(taught, Narrow(), WordEmbedder()) as now:
        assert now.migration.is_under_way and now.migration.id == WordEmbedder.id
        before = await now.search()
        assert length(before) == 256 and before.hits[0].passage.text == "The spare key is under the pot."
        steps: list[tuple[int, int]] = []
        original = now.vectors.add

        async def add(ids: Sequence[int], vectors: Matrix, embedder_id: str) -> None:
            await original(ids, vectors, embedder_id)
            found = await now.search()  # asked while the job runs
            seen.append(length(found))
            assert found.hits[0].passage.text == "The spare key is under the pot."

        now.vectors.add = add  # type: ignore[method-assign]
        assert await now.reembedding.run(lambda n_done, n_total: steps.append((n_done, n_total))) == 152
        assert steps[-1] == (152, 152) and set(seen) == {256} and len(seen) > 2
        after = await now.search()
        assert length(after) == 64 == now.migration.dim
        assert [hit.vector.shape for hit in after.hits] == [(64,)] * len(after.hits)
        assert {hit.passage.space for hit in after.hits} == {HERE, GLOBAL}
        assert after.hits[0].passage.text == "The spare key is under the pot."
        assert await now.vectors.embedders() == {Narrow.id}
        assert len(list((taught / "indexes").iterdir())) == 2  # of the two spaces, by the new embedder alone
        assert await now.reembedding.run() == 0


async def test_what_is_taught_meanwhile_is_found_before_and_after(taught: Path) -> None:
    async with world(taught, Narrow(), WordEmbedder()) as now:
        await now.teach("car.md", "The car key is in the blue drawer.")
        await now.teach("boat.md", "The boat key is on the hook.", SpaceId("telegram:9"))
        for moment in range(2):
            assert (await now.search("car key drawer")).hits[0].passage.text.startswith("The car key"), moment
            boat = await now.search("boat key hook", SpaceId("telegram:9"))
            assert boat.hits[0].passage.text.startswith("The boat key"), moment
            if not moment:
                assert await now.reembedding.run() == 152  # these two had both vectors already
        await now.documents.forget(HERE, "car.md")
        assert not any("car key" in hit.passage.text for hit in (await now.search("car key drawer")).hits)


async def test_stopped_midway_it_goes_on_where_it_was(taught: Path) -> None:
    class Stopped(Exception):
        pass

    n_batches = 0

    def stop() -> None:
        nonlocal n_batches
        n_batches += 1
        if n_batches > 2:
            raise Stopped

    async with world(taught, Narrow(stop), WordEmbedder()) as now:
        with pytest.raises(Stopped):
            await now.reembedding.run()
        assert length(await now.search()) == 256
    async with world(taught, Narrow(), WordEmbedder()) as again:
        left = sum((await again.vectors.count_missing(Narrow.id)).values())
        assert 0 < left < 152 and length(await again.search()) == 256
        assert await again.reembedding.run() == left
        assert length(await again.search()) == 64


async def test_stopped_while_settling_the_new_one_serves_at_once(taught: Path) -> None:
    async with world(taught, Narrow(), WordEmbedder()) as now:
        await now.reembedding._embed(now.migration.latest, now.vectors, lambda n_done, n_total: None)
        await now.vectors.adopt(Narrow.id, 10)
    async with world(taught, Narrow()) as again:
        assert not again.migration.is_under_way
        assert length(await again.search()) == 64
        assert await again.reembedding.run() == 0
        assert await again.vectors.embedders() == {Narrow.id}


async def test_set_back_midway_the_former_goes_on(taught: Path) -> None:
    async with world(taught, Narrow(), WordEmbedder()) as now:
        await now.teach("car.md", "The car key is in the blue drawer.")
    async with world(taught, WordEmbedder()) as back:
        assert not back.migration.is_under_way
        assert await back.reembedding.run() == 0
        assert sum((await back.vectors.count_missing(Narrow.id)).values()) == 153
        assert (await back.search("car key drawer")).hits[0].passage.text.startswith("The car key")


async def test_without_the_former_words_alone_are_searched(taught: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with world(taught, Narrow()) as now:
            assert "words decide" in caplog.text
            await now.teach("car.md", "The car key is in the blue drawer.")
            for query, text in (("car key drawer", "The car key"), (KEY, "The spare key")):
                found = await now.search(query)
                assert found.hits[0].passage.text.startswith(text) and length(found) == 1
                assert np.isfinite([hit.score for hit in found.hits]).all()
            assert await now.reembedding.run() == 152
            assert length(await now.search()) == 64


async def test_an_embedder_that_cannot_be_loaded_leaves_everything_as_it_was(
    taught: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise Unavailable("models.missing", name="narrow")

    async with world(taught, Narrow(fail), WordEmbedder()) as now:
        await now.reembedding.run_in_background()
        assert "does not take over" in caplog.text
        assert length(await now.search()) == 256
