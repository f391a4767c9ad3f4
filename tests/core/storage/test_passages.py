"""Passages as the derived indexes see them: revisions, changes, vectors, embedders."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from sqlalchemy.dialects.sqlite import dialect

from core.errors import Unavailable
from core.offload import offload
from core.ports import PassageStore
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages, select_passages
from core.texts import explain
from core.types import SpaceChanges, SpaceId
from tests.fakes import WordEmbedder
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
E = WordEmbedder.id


@pytest.fixture
async def passages(database: Database) -> Passages:
    documents = Documents(database)
    await documents.store(HERE, new_document("a", "One. Two."), embedded("One.", "Two."))
    await documents.store(THERE, new_document("a", "Three."), embedded("Three."))
    return Passages(database)


def test_it_is_the_port_of_the_indexes(database: Database) -> None:
    store: PassageStore = Passages(database)
    assert store


async def test_a_space_that_never_held_anything(passages: Passages) -> None:
    nowhere = SpaceId("telegram:9")
    assert await passages.revision(nowhere) == 0 and passages.revisions([nowhere]) == {}
    changes = await passages.changes(nowhere, 0, E)
    assert (changes.revision, changes.added, changes.removed) == (0, (), ())
    assert await passages.count(nowhere, E) == 0
    found, vectors = await passages.embedded(nowhere, [1, 2], E)
    assert (list(found), vectors.shape[0]) == ([], 0)


async def test_reading_waits_behind_no_model(passages: Passages) -> None:
    is_done, n_threads = Event(), 40  # more than asyncio has for blocking work
    models = [asyncio.create_task(offload(is_done.wait)) for _ in range(n_threads)]
    await asyncio.sleep(0)  # all of them are begun
    try:
        async with asyncio.timeout(20):
            assert [passage.text for passage in await passages.passages(HERE, [1, 2])] == ["One.", "Two."]
            assert await passages.revision(HERE) == 1
    finally:
        is_done.set()
        await asyncio.gather(*models)


async def test_changes_since_a_revision(database: Database, passages: Passages) -> None:
    documents = Documents(database)
    revision = await passages.revision(HERE)
    assert await passages.changes(HERE, revision, E) == SpaceChanges(revision, (), ())
    await documents.store(HERE, new_document("b", "Four."), embedded("Four."))
    await documents.store(HERE, new_document("a", "Five."), embedded("Five."))
    changes = await passages.changes(HERE, revision, E)
    assert changes.revision == revision + 2
    assert passages.revisions([HERE, THERE, SpaceId("telegram:9")]) == {HERE: revision + 2, THERE: 1}
    assert (set(changes.removed), await passages.count(HERE, E)) == ({1, 2}, 2)
    assert [passage.text for passage in await passages.passages(HERE, changes.added)] == ["Four.", "Five."]
    assert (await passages.changes(THERE, 1, E)).revision == 1


async def test_vectors_come_back_as_they_went_in_row_by_row(passages: Passages) -> None:
    found, vectors = await passages.embedded(HERE, [2, 1, 1, 99], E)
    assert [passage.text for passage in found] == ["One.", "Two."]
    np.testing.assert_allclose(vectors, WordEmbedder().embed_passages(["One.", "Two."]), atol=5e-4)  # of 16 bits
    assert vectors.dtype == np.float32


async def test_more_ids_than_a_statement_takes(database: Database, passages: Passages) -> None:
    many = [f"Word{n}." for n in range(1200)]
    await Documents(database).store(HERE, new_document("many", " ".join(many)), embedded(*many))
    changes = await passages.changes(HERE, 1, E)
    found, vectors = await passages.embedded(HERE, changes.added[::-1], E)
    assert [passage.text for passage in found] == many
    assert vectors.shape == (1200, 256)
    assert len(await passages.passages(HERE, changes.added)) == 1200


async def test_what_is_beside_a_passage_is_of_its_document_and_space(database: Database, passages: Passages) -> None:
    many = [f"Word{n}." for n in range(6)]
    await Documents(database).store(HERE, new_document("many", " ".join(many)), embedded(*many))
    of_many = {passage.text: passage for passage in await passages.passages(HERE, range(1, 20))}
    (three,) = await passages.passages(THERE, [3])

    async def neighbours(*texts: str) -> list[str]:
        return sorted(passage.text for passage in await passages.neighbours([of_many[text] for text in texts]))

    assert await neighbours("Word0.") == ["Word1."]
    assert await neighbours("Word2.", "Word5.") == ["Word1.", "Word3.", "Word4."]
    assert await neighbours("Word2.", "Word4.") == ["Word1.", "Word3.", "Word5."]
    assert await neighbours("One.", "Word5.") == ["Two.", "Word4."]
    assert await passages.neighbours([three]) == await passages.neighbours([]) == []
    assert await passages.neighbours([replace(of_many["Word2."], space=THERE)]) == []


@pytest.mark.sqlite
@pytest.mark.parametrize("n_ids", [1, 24, 500])
async def test_however_many_passages_are_read_each_is_gone_to(database: Database, n_ids: int) -> None:
    statement = select_passages(HERE, range(n_ids)).compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
    async with database.read() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")).all()
    steps = [row.detail for row in plan if row.detail.startswith(("SEARCH", "SCAN"))]
    assert [step.partition(" USING ")[2] for step in steps] == ["INTEGER PRIMARY KEY (rowid=?)"] * 2


async def test_no_read_crosses_spaces(database: Database, passages: Passages) -> None:
    documents = Documents(database)
    everything = [1, 2, 3]
    for space, texts, number in ((HERE, ["One.", "Two."], 1), (THERE, ["Three."], 2)):
        assert [passage.text for passage in await passages.passages(space, everything)] == texts
        assert [passage.text for passage in (await passages.embedded(space, everything, E))[0]] == texts
        assert len((await passages.changes(space, 0, E)).added) == await passages.count(space, E) == len(texts)
        assert [document.id for document in await documents.list(space)] == [number]
        assert await documents.text(space, 3 - number) is None
        assert len(await documents.sources(space)) == 1
        assert len(await documents.content_hashes(space)) == 1
    await documents.forget(HERE, "a")
    assert await passages.passages(HERE, everything) == []
    assert [document.names for document in await documents.list(THERE)] == [("a",)]


# --- another embedder ----------------------------------------------------------------------------


async def test_vectors_of_another_embedder_are_named_and_refused(passages: Passages) -> None:
    assert await passages.embedders(HERE) == {E}
    await passages.require_embedder(HERE, E)
    with pytest.raises(Unavailable) as error:
        await passages.require_embedder(HERE, "other-256")
    sentence = explain("en", error.value)
    assert E in sentence
    assert "aion doctor" in sentence
