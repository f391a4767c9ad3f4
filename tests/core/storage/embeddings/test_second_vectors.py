"""Vectors of a second embedder: looked up within a space, filled in later, gone with their passages."""

from __future__ import annotations

import numpy as np
import pytest

from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.embeddings.second_vectors import SecondVectors
from core.types import SpaceId
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
SECOND = "second-4"


@pytest.fixture
async def documents(database: Database) -> Documents:
    documents = Documents(database)
    await documents.store(HERE, new_document("a", "One. Two."), embedded("One.", "Two."))
    await documents.store(THERE, new_document("a", "Three."), embedded("Three."))
    return documents


@pytest.fixture
def vectors(database: Database, documents: Documents) -> SecondVectors:
    return SecondVectors(database)


def rows(n: int) -> np.ndarray:
    return np.eye(n, 4, dtype=np.float32)


async def test_what_lacks_one_is_counted_and_given_in_order(vectors: SecondVectors) -> None:
    assert await vectors.count_missing(SECOND) == {HERE: 2, THERE: 1}
    missing = await vectors.missing(HERE, SECOND, after=0, limit=5)
    assert [passage.text for passage in missing] == ["One.", "Two."]
    await vectors.add([1, 3, 99], rows(3), SECOND)  # the last was removed meanwhile
    assert [passage.text for passage in await vectors.missing(HERE, SECOND, after=0, limit=5)] == ["Two."]
    assert await vectors.missing(HERE, SECOND, after=2, limit=5) == []
    assert await vectors.count_missing(SECOND) == {HERE: 1}
    assert await vectors.count_missing("another") == {HERE: 2, THERE: 1}


async def test_they_are_looked_up_within_their_space_and_by_embedder(vectors: SecondVectors) -> None:
    await vectors.add([1, 2, 3], rows(3), SECOND)
    found = vectors.read(HERE, [1, 2, 3, 99], SECOND)
    assert found.keys() == {1, 2}
    np.testing.assert_array_equal(np.stack([found[1], found[2]]), rows(2))
    assert vectors.read(THERE, [1, 2, 3], SECOND).keys() == {3}
    assert vectors.read(HERE, [1, 2], "another") == {}
    assert vectors.read(HERE, [], SECOND) == {}


async def test_a_second_attempt_to_store_one_changes_nothing(vectors: SecondVectors) -> None:
    await vectors.add([1], rows(1), SECOND)
    await vectors.add([1, 2], rows(2)[::-1], SECOND)
    found = vectors.read(HERE, [1, 2], SECOND)
    np.testing.assert_array_equal(np.stack([found[1], found[2]]), [rows(1)[0], rows(1)[0]])


async def test_they_are_gone_with_their_passages_and_with_their_embedder(
    vectors: SecondVectors, documents: Documents
) -> None:
    await vectors.add([1, 2, 3], rows(3), SECOND)
    await vectors.add([3], rows(1), "former")
    await documents.forget(HERE, "a")
    assert vectors.read(HERE, [1, 2], SECOND) == {}
    await vectors.discard_others(SECOND)
    assert vectors.read(THERE, [3], "former") == {}
    assert vectors.read(THERE, [3], SECOND).keys() == {3}
