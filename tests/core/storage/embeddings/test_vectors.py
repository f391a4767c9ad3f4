"""Vectors of two embedders side by side, and how one set takes the other's place."""

from __future__ import annotations

import numpy as np
import pytest

from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.embeddings.embedded_chunks import ChunkVectors, EmbeddedChunks
from core.storage.embeddings.vectors import Vectors
from core.storage.passages import ANY_EMBEDDER, Passages
from core.types import SpaceId
from tests.fakes import WordEmbedder
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
OLD, NEW = WordEmbedder.id, "narrow-8"


@pytest.fixture
async def vectors(database: Database) -> Vectors:
    documents = Documents(database)
    await documents.store(HERE, new_document("a", "One. Two."), embedded("One.", "Two."))
    await documents.store(THERE, new_document("a", "Three."), embedded("Three."))
    return Vectors(database)


def rows(n: int) -> np.ndarray:
    return np.eye(n, 8, dtype=np.float32)


async def test_what_lacks_a_vector_is_counted_and_given_in_order(vectors: Vectors) -> None:
    assert await vectors.embedders() == {OLD}
    assert await vectors.count() == 3
    assert await vectors.count_missing(OLD) == {}
    assert await vectors.count_missing(NEW) == {HERE: 2, THERE: 1}
    assert [passage.id for passage in await vectors.missing(HERE, NEW, after=0, limit=5)] == [1, 2]
    await vectors.add([1], rows(1), NEW)
    assert [passage.text for passage in await vectors.missing(HERE, NEW, after=0, limit=5)] == ["Two."]
    assert await vectors.missing(HERE, NEW, after=2, limit=5) == []


async def test_a_coming_vector_is_read_as_the_passages_own_before_and_after_it_is(
    vectors: Vectors, database: Database
) -> None:
    passages = Passages(database)
    revision = await passages.revision(HERE)
    await vectors.add([1, 2], rows(2), NEW)
    for n_settled in (0, 1, 1, 0):
        assert await vectors.adopt(NEW, limit=n_settled) == n_settled
        changes = await passages.changes(HERE, 0, NEW)
        assert (changes.added, changes.revision) == ((1, 2), revision)
        assert await passages.count(HERE, NEW) == 2
        found, there = await passages.embedded(HERE, [1, 2, 3], NEW)
        assert [passage.id for passage in found] == [1, 2]
        np.testing.assert_array_equal(there, rows(2))
    assert await passages.count(HERE, OLD) == 0
    assert await passages.count(THERE, OLD) == 1


async def test_removed_passages_get_none_and_lose_theirs(vectors: Vectors, database: Database) -> None:
    await vectors.add([1, 3, 99], rows(3), NEW)
    await Documents(database).forget(HERE, "a")
    await vectors.add([1, 2], rows(2), NEW)
    assert await vectors.count_missing(NEW) == {}
    assert [await vectors.adopt(NEW, 10) for _ in range(2)] == [1, 0]


async def test_a_document_comes_with_both_sets(vectors: Vectors, database: Database) -> None:
    old = embedded("Four.", "Five.")
    both = EmbeddedChunks(old.chunks, old.languages, old.vectors, old.embedder_id, ChunkVectors(rows(2), NEW))
    await Documents(database).store_all(THERE, [(new_document("b", "Four. Five."), both)])
    assert await vectors.count_missing(OLD) == {}
    assert await vectors.count_missing(NEW) == {HERE: 2, THERE: 1}
    np.testing.assert_array_equal((await Passages(database).embedded(THERE, [4, 5], NEW))[1], rows(2))
    await vectors.discard_others({OLD})
    assert await vectors.count_missing(NEW) == {HERE: 2, THERE: 3}


async def test_any_embedder_reads_everything_without_its_vectors(vectors: Vectors, database: Database) -> None:
    passages = Passages(database)
    assert (await passages.changes(HERE, 0, ANY_EMBEDDER)).added == (1, 2)
    found, there = await passages.embedded(HERE, [1, 2], ANY_EMBEDDER)
    assert len(found) == 2 and there.shape == (2, 1)


async def test_what_an_embedder_was_set_as_is_remembered(vectors: Vectors) -> None:
    assert await vectors.name(NEW) is None
    for name in ("./narrow", "./moved/narrow"):
        await vectors.save_name(NEW, name)
        assert await vectors.name(NEW) == name
