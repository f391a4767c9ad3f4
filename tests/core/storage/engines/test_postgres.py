"""PostgreSQL: behind a pooler, gone and back, read-only; its rows and rankings beside SQLite's."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert, select, text

from core.errors import StorageCorrupt, Unavailable
from core.retrieval.search import HybridSearcher
from core.storage.answers import Answers, NewAnswer
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.delivery.webhooks import Webhooks
from core.storage.documents import Documents
from core.storage.embeddings.vectors import Vectors
from core.storage.engines import postgres_graphs, postgres_vectors
from core.storage.engines.postgres_driver import parse_url, public_address
from core.storage.passages import Passages
from core.storage.schema import inbox
from core.texts import explain
from core.types import LANGUAGES, Confidence, Decision, Matrix, Scope, SpaceId
from tests.fakes import WordEmbedder, message
from tests.pooler import Pooler, transaction_pooler
from tests.postgres import PostgresServer
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
E = WordEmbedder.id
WORDS = ("kiln", "glaze", "wheel", "choir", "organ", "garden", "compost", "bees", "honey", "bread", "flour", "yeast")


@pytest.fixture
def url(postgres: PostgresServer, request: pytest.FixtureRequest) -> str:
    return postgres.make(f"own_{abs(hash(request.node.name)):x}")


@pytest.fixture
async def server(tmp_path: Path, url: str) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "server", url) as database:
        yield database


class DistinctEmbedder(WordEmbedder):
    """No two texts are equally near to a question, so that there is one right order."""

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        noise = [np.random.default_rng(zlib.crc32(text.encode())).normal(0, 0.01, 256) for text in texts]
        vectors = super().embed_passages(texts) + np.array(noise, np.float32).reshape(len(texts), -1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


async def fill(database: Database) -> None:
    """Store 40 texts here and one there; forget some, replace some."""
    draw, documents = np.random.default_rng(7), Documents(database)
    for n in range(40):
        texts = [" ".join(draw.choice(WORDS, 6)) + f" {n}." for _ in range(3)]
        chunks = embedded(*texts, embedder=DistinctEmbedder())
        await documents.store(HERE, new_document(f"d{n % 35}", " ".join(texts)), chunks)
    await documents.forget(HERE, "d9")
    await documents.store(THERE, new_document("other", "The kiln of others."), embedded("The kiln of others."))


@pytest.mark.sqlite  # both databases are opened here, each by itself
async def test_both_databases_find_the_same_in_the_same_order(tmp_path: Path, server: Database) -> None:
    async with await Database.open(tmp_path / "file") as file:
        searchers = []
        for database, name in ((file, "a"), (server, "b")):
            await fill(database)
            searchers.append(HybridSearcher(DistinctEmbedder(), Passages(database), tmp_path / name))
        for query in ("the kiln and the glaze", "honey of bees", "bread", "organ choir garden", "nothing of that"):
            one, other = [await searcher.search(Scope(HERE), query, "en") for searcher in searchers]
            assert [hit.passage.text for hit in one.hits] == [hit.passage.text for hit in other.hits]
            np.testing.assert_allclose([h.score for h in one.hits], [h.score for h in other.hits], atol=1e-3)
            assert [hit.passage.space for hit in other.hits] == [HERE] * len(other.hits)
            assert one.n_searched == other.n_searched > 100
        for searcher in searchers:
            await searcher.close()


async def test_vectors_to_come_are_searched_beside_those_in_use(server: Database) -> None:
    await Documents(server).store(HERE, new_document("a", "One. Two."), embedded("One.", "Two."))
    rows, vectors = np.eye(2, 8, dtype=np.float32), Vectors(server)
    await vectors.add([1, 2], rows, "narrow-8")
    search = server.vector_search
    assert search is not None
    for n_adopted in (0, 1, 1):
        assert await vectors.adopt("narrow-8", limit=n_adopted) == n_adopted
        ids, found = await asyncio.to_thread(search.candidates, HERE, "narrow-8", rows[1], 1, [1, 99])
        assert ids == [2, 1]
        np.testing.assert_array_equal(found, rows[::-1])
    assert await asyncio.to_thread(lambda: search.candidates(THERE, "narrow-8", rows[1], 5, [1])[0]) == []


async def test_a_large_space_gets_a_graph_of_its_own_and_loses_it(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_graphs, "N_EXACT", 90)
    search, query = server.vector_search, DistinctEmbedder().embed_query("kiln and glaze")
    assert search is not None
    assert await server.tend_vectors() == 0
    await fill(server)
    exactly, _ = await asyncio.to_thread(search.candidates, HERE, E, query, 24, [])
    assert [await server.tend_vectors() for _ in range(2)] == [1, 0]
    along, _ = await asyncio.to_thread(search.candidates, HERE, E, query, 24, [])
    assert along == exactly
    for n in range(20):
        await Documents(server).forget(HERE, f"d{n + 10}")
    assert [await server.tend_vectors() for _ in range(2)] == [1, 0]


async def test_a_graph_built_in_another_way_is_replaced_once_the_new_one_is_there(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_graphs, "N_EXACT", 90)
    await fill(server)
    options: list[str] = []
    for m in (8, 12, 12):
        monkeypatch.setattr(postgres_graphs, "M", m)
        options.append(f"{await server.tend_vectors()}: {await graph_options(server)}")
    assert options == ["1: ['m=8']", "2: ['m=12']", "0: ['m=12']"]


async def graph_options(server: Database) -> list[str]:
    graphs = text("SELECT reloptions[1] AS m FROM pg_class WHERE relkind = 'i' AND starts_with(relname, 'graph_')")
    return [row.m for row in await server.rows(graphs)]


@pytest.mark.parametrize(("n_least", "ef"), [(250_000, "200"), (25.5, "400"), (1, "1000")])
async def test_of_a_larger_graph_more_is_followed(
    server: Database, monkeypatch: pytest.MonkeyPatch, n_least: float, ef: str
) -> None:
    monkeypatch.setattr(postgres_graphs, "N_EXACT", 90)
    await fill(server)
    await server.tend_vectors()
    name = postgres_graphs.graph_name(HERE, E, 256)  # of 102 vectors
    async with server.read() as connection:
        settings = {"graph": name, "n_least": n_least}
        assert (await connection.execute(postgres_vectors._SETTINGS, settings)).one().ef_search == ef
        assert (await connection.execute(postgres_vectors._SETTINGS, {"graph": "none"})).one().ef_search == "200"


async def test_an_order_that_pgvector_does_not_know_is_noticed(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(server)
    search, query = server.vector_search, DistinctEmbedder().embed_query("kiln")
    assert search is not None
    unset = text("SELECT set_config('hnsw.ef_search', '200', true)")
    monkeypatch.setattr(postgres_vectors, "_SETTINGS", unset)
    with pytest.raises(StorageCorrupt, match="strict_order"):
        await asyncio.to_thread(search.candidates, HERE, E, query, 24, [])


# --- behind a pooler -----------------------------------------------------------------------------


@pytest.fixture
async def pooler(postgres: PostgresServer, url: str) -> AsyncIterator[Pooler]:
    async with transaction_pooler(postgres.port, "aion", url.rpartition("/")[2]) as pooler:
        yield pooler


def through(pooler: Pooler, url: str) -> str:
    return f"postgresql://aion@127.0.0.1:{pooler.port}/{url.rpartition('/')[2]}"


async def test_behind_a_transaction_pooler_everything_works(tmp_path: Path, pooler: Pooler, url: str) -> None:
    async with await Database.open(tmp_path, through(pooler, url)) as database:
        await fill(database)
        searcher = HybridSearcher(WordEmbedder(), Passages(database), tmp_path / "indexes")
        found = await asyncio.gather(*(searcher.search(Scope(HERE), f"kiln {word}", "en") for word in WORDS))
        assert all(result.hits for result in found)
        box = Inbox(database)
        assert await asyncio.gather(*(box.claim(HERE, f"k{n % 10}") for n in range(30))) == [True] * 10 + [False] * 20
        await searcher.close()
    assert pooler.n_transactions > 100


async def test_a_pooler_that_restarts_is_connected_to_again(tmp_path: Path, pooler: Pooler, url: str) -> None:
    async with await Database.open(tmp_path, through(pooler, url)) as database:
        passages = Passages(database)
        for n in range(3):
            assert await Inbox(database).claim(HERE, str(n))
            assert await asyncio.to_thread(passages.revisions, [HERE]) == {}
            pooler.disconnect()
            await asyncio.sleep(0.05)  # the closed sockets are noticed by the event loops
        assert len(await database.rows(select(inbox.c.key))) == 3


# --- gone, and back ------------------------------------------------------------------------------


def said(error: Unavailable, key: str, database: str) -> None:
    assert error.key == key
    for language in LANGUAGES:
        sentence = explain(language, error)
        assert database in sentence
        assert "secret" not in sentence


async def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        await Database.open(tmp_path, "postgresql://ana:secret@127.0.0.1:1/kept")
    said(error.value, "storage.unreachable", "127.0.0.1/kept")
    await (await Database.open(tmp_path)).close()  # the folder is free again


@pytest.mark.parametrize("url", ["mysql://host/x", "no address", "http://host"])
async def test_another_kind_of_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(Unavailable) as error:
        await Database.open(tmp_path, url)
    assert error.value.key == "storage.bad_url"


def test_an_address_is_shown_without_user_and_password() -> None:
    assert public_address("postgresql://user:secret@db.example:6543/aion?sslmode=require") == "db.example/aion"
    assert parse_url("postgres:///aion?host=/run/postgresql").database == "aion"


async def test_a_lost_connection_in_the_middle_is_one_sentence_and_the_next_works(
    postgres: PostgresServer, server: Database, url: str
) -> None:
    name = url.rpartition("/")[2]
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    row = {"space_id": HERE, "key": "lost", "seen_at": datetime.now(UTC), "state": "closed"}
    with pytest.raises(Unavailable) as error:
        async with server.write() as connection:
            await connection.execute(insert(inbox).values(row))
            await asyncio.to_thread(postgres.run, "postgres", end)
            await connection.execute(insert(inbox).values({**row, "key": "lost, too"}))
    said(error.value, "storage.unreachable", f"127.0.0.1/{name}")
    assert await Inbox(server).claim(HERE, "kept")
    assert [row.key for row in await server.rows(select(inbox.c.key))] == ["kept"]


async def test_a_read_only_database_says_so_and_a_message_is_answered_all_the_same(
    postgres: PostgresServer, server: Database, url: str
) -> None:
    name = url.rpartition("/")[2]
    await asyncio.to_thread(postgres.run, "postgres", f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await server.engine._engine.dispose()  # type: ignore[attr-defined]  # connections as they were made keep the former value
    with pytest.raises(Unavailable) as error:
        await server.require_writable()
    said(error.value, "storage.read_only", f"127.0.0.1/{name}")
    assert await server.rows(select(inbox)) == []
    assert await Inbox(server).accept(message("When?", key="1"))


# --- writers -------------------------------------------------------------------------------------


async def test_writers_of_two_processes_wait_for_each_other(tmp_path: Path, server: Database, url: str) -> None:
    async with await Database.open(tmp_path / "other", url) as other:

        async def record(database: Database, n: int) -> int:
            decision = Decision("local", Confidence(0.9, 0.5))
            new = NewAnswer(HERE, "code", "here", f"When {n}?", "en", (), decision, "At nine.", "extract")
            return await Answers(database).record(new)

        ids = await asyncio.gather(*(record(database, n) for n in range(8) for database in (server, other)))
        assert len(set(ids)) == 16
        stored = [documents.store(HERE, new_document("same", f"Text {n}."), embedded(f"Text {n}."))
                  for n in range(6) for documents in (Documents(server), Documents(other))]  # fmt: skip
        await asyncio.gather(*stored)
        (document,) = await Documents(other).list(HERE)
        assert (document.names, await Passages(server).count(HERE, E)) == (("same",), 1)


async def test_an_answer_is_recorded_while_others_write(tmp_path: Path, server: Database, url: str) -> None:
    """In other processes and in this one; the first of a new space, with a webhook that is removed meanwhile, too."""
    async with await Database.open(tmp_path / "other", url) as other:

        async def record(database: Database, space: SpaceId) -> int:
            decision = Decision("local", Confidence(0.9, 0.5))
            new = NewAnswer(space, "code", "here", "When?", "en", (), decision, "At nine.", "extract")
            return await Answers(database).record(new)

        async with server.write() as connection:
            await connection.execute(select(inbox.c.key))
            together = asyncio.gather(*(record(database, THERE) for database in (server, other) for _ in range(4)))
            assert len(set(await asyncio.wait_for(together, 60))) == 8

        added = await Webhooks(server).add(THERE, "https://hooks.example/1", ("answer.given",))
        async with other.write() as connection:
            await connection.execute(text(f"DELETE FROM webhooks WHERE id = {added.id}"))
            recording = asyncio.create_task(record(server, THERE))
            done, _ = await asyncio.wait({recording}, timeout=0.3)
            assert not done, "it waits for what becomes of the webhook"
        assert await recording


async def test_the_extension_is_asked_for(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.make("bare_own", template="template0")
    async with await Database.open(tmp_path, url) as database:
        assert (await database.rows(text("SELECT 1 FROM pg_extension WHERE extname = 'vector'"))) == [(1,)]
