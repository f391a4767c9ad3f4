"""Knowledge in, from bytes to searchable passages: nothing twice, nothing half, nothing lost."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.errors import BadInput, Unavailable
from core.knowledge.command_service import DocumentService
from core.knowledge.embedding import SoleEmbedder
from core.knowledge.ingest import Ingest, Progress, Report
from core.knowledge.storage_quota import StorageQuota
from core.retrieval.chunk import searched_text
from core.retrieval.search import HybridSearcher
from core.storage.curation.reading_log import ReadingLog
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import GLOBAL, Attachment, IndexedDocument, Matrix, Page, Scope, SpaceId
from tests.fakes import WordEmbedder, attachment
from tests.parser import InProcessParser

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
LIMIT = 1_000_000


@dataclass
class Pages:
    """Serves pages from a dictionary."""

    pages: dict[str, Page] = field(default_factory=dict)

    async def fetch(self, url: str) -> Page:
        if url not in self.pages:
            raise BadInput("fetch.not_found", url=url)
        return self.pages[url]


class OtherEmbedder(WordEmbedder):
    id = "other-256"


@dataclass
class Desk:
    """Everything that indexing needs, over one database."""

    database: Database
    embedder: WordEmbedder = field(default_factory=WordEmbedder)
    pages: Pages = field(default_factory=Pages)

    @property
    def documents(self) -> Documents:
        return Documents(self.database)

    @property
    def passages(self) -> Passages:
        return Passages(self.database)

    @property
    def ingest(self) -> Ingest:
        embedders = SoleEmbedder(self.embedder, self.passages)
        return Ingest(self.documents, embedders, self.pages, InProcessParser(), max_file_bytes=LIMIT)

    async def texts(self, space: SpaceId = HERE) -> list[str]:
        changes = await self.passages.changes(space, 0, self.embedder.id)
        return [passage.text for passage in await self.passages.passages(space, changes.added)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with await Database.open(tmp_path / "data") as database:
        yield Desk(database)


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    return Path("notes")


def outcomes(report: Report) -> dict[str, str]:
    return {done.name: done.outcome for done in report.indexed} | {
        failed.name: failed.error.key for failed in report.failed
    }


# --- one document --------------------------------------------------------------------------------


async def test_a_file_is_indexed_quotably(desk: Desk) -> None:
    text = (
        "# Rules\n\nBe kind to each other.\n\n## Keys\n\nA chave fica debaixo do vaso, ao lado da porta da cozinha.\n"
    )
    assert await desk.ingest.index_file(HERE, "rules.md", text.encode()) == IndexedDocument("rules.md", "added", 2)
    (document,) = await desk.documents.list(HERE)
    assert document.title == "Rules"
    whole = await desk.documents.text(HERE, document.id)
    assert whole is not None
    changes = await desk.passages.changes(HERE, 0, desk.embedder.id)
    first, second = await desk.passages.passages(HERE, changes.added)
    assert [whole[passage.start : passage.end] for passage in (first, second)] == [first.text, second.text]
    assert (first.heading, second.heading) == ("Rules", "Rules > Keys")
    assert (first.language, second.language) == ("en", "pt")


async def test_an_unchanged_file_costs_nothing_and_a_changed_one_is_replaced(desk: Desk) -> None:
    await desk.ingest.index_file(HERE, "a.md", b"The key is under the pot.")
    n_embedded, revision = desk.embedder.n_embedded, await desk.passages.revision(HERE)
    assert await desk.ingest.index_file(HERE, "a.md", b"The key is under the pot.") == IndexedDocument(
        "a.md", "unchanged", 1
    )
    # Other bytes, the same text:
    assert (await desk.ingest.index_file(HERE, "a.md", b"The key is under the pot. \r\n")).outcome == "unchanged"
    assert (desk.embedder.n_embedded, await desk.passages.revision(HERE)) == (n_embedded, revision)
    assert (await desk.ingest.index_file(HERE, "a.md", b"The key is on the shelf.")).outcome == "replaced"
    assert await desk.texts() == ["The key is on the shelf."]


async def test_one_text_in_two_files_is_embedded_once_per_space(desk: Desk) -> None:
    await desk.ingest.index_file(HERE, "a.md", b"The key is under the pot.")
    done = await desk.ingest.index_file(HERE, "b.txt", b"The key is under the pot.")
    assert done == IndexedDocument("b.txt", "duplicate", 1, duplicate_of="a.md")
    assert desk.embedder.n_embedded == 1
    assert (await desk.ingest.index_file(THERE, "a.md", b"The key is under the pot.")).outcome == "added"
    assert await desk.texts(THERE) == await desk.texts(HERE)


async def test_a_page_is_stored_under_its_address(desk: Desk) -> None:
    url = "https://example.org/faq"
    desk.pages.pages[url] = Page(
        url, f"{url}/", "text/html", b"<html><body><h1>FAQ</h1><p>Open at nine.</p></body></html>"
    )
    assert await desk.ingest.index_page(HERE, url) == IndexedDocument(url, "added", 1)
    (document,) = await desk.documents.list(HERE)
    assert (document.title, document.names) == ("FAQ", (url,))
    with pytest.raises(BadInput, match="not_found"):
        await desk.ingest.index_page(HERE, "https://example.org/gone")


@pytest.mark.parametrize(
    ("name", "data", "key"),
    [
        ("a.md", bytes(50), "not_text"),
        ("a.md", b"", "empty"),
        ("a.exe", b"x", "unsupported"),
        ("a.md", b"x" * 2 * LIMIT, "too_large"),
    ],
)
async def test_a_file_that_cannot_be_read_changes_nothing(desk: Desk, name: str, data: bytes, key: str) -> None:
    await desk.ingest.index_file(HERE, "a.md", b"The key is under the pot.")
    with pytest.raises(BadInput, match=key):
        await desk.ingest.index_file(HERE, name, data)
    assert await desk.texts() == ["The key is under the pot."]


async def test_a_text_longer_than_a_batch(desk: Desk) -> None:
    text = "\n\n".join(f"## Part {n}\n\nThis part number {n} says something of its own." for n in range(300))
    assert (await desk.ingest.index_file(HERE, "long.md", text.encode())).n_passages == 300
    changes = await desk.passages.changes(HERE, 0, desk.embedder.id)
    passages, vectors = await desk.passages.embedded(HERE, changes.added, desk.embedder.id)
    again = WordEmbedder().embed_passages([searched_text(p.document, p.heading, p.text) for p in passages])
    assert (vectors == again).all()


# --- on the shelf --------------------------------------------------------------------------------


async def test_a_shelf_is_the_documents_of_one_space(desk: Desk) -> None:
    shelves = DocumentService(
        desk.ingest, desk.documents, desk.passages, StorageQuota(desk.documents, ReadingLog(desk.database))
    )
    shelf, other = shelves.of(Scope(HERE)), shelves.of(Scope(THERE))
    assert (await shelf.index_attachment(attachment("a.md", b"The key is under the pot."))).outcome == "added"
    assert [document.title for document in await shelf.documents()] == ["a"]
    assert await other.documents() == ()
    await desk.ingest.index_attachment(GLOBAL, attachment("b.md", b"The house has two floors."))
    assert await shelf.count_general() == 1
    assert await shelves.of(Scope(GLOBAL)).count_general() == 0
    with pytest.raises(BadInput, match="no_document"):
        await other.forget("a.md")
    assert (await shelf.forget("a.md")).names == ("a.md",)
    assert await shelf.documents() == ()


@pytest.mark.parametrize(
    ("name", "size_bytes", "key"), [("a.md", 200_000_000, "too_large"), ("a.exe", 10, "unsupported")]
)
async def test_an_attachment_is_refused_before_it_is_downloaded(
    desk: Desk, name: str, size_bytes: int, key: str
) -> None:
    async def read() -> bytes:
        raise AssertionError("it was downloaded")

    with pytest.raises(BadInput, match=key):
        await desk.ingest.index_attachment(HERE, Attachment(name, size_bytes, read))


# --- many documents ------------------------------------------------------------------------------


async def test_a_folder_is_indexed_and_what_fails_does_not_stop_the_rest(desk: Desk, notes: Path) -> None:
    for name, data in {
        "a.md": b"The key is under the pot.",
        "b.txt": b"The tap is behind the house.",
        "copy.md": b"The key is under the pot.",
        "nul.txt": bytes(40),
        "photo.png": b"\x89PNG",
        "wrong.pdf": b"no pdf",
        "sub/c.html": b"<html><body><h1>C</h1><p>The shed is locked.</p></body></html>",
    }.items():
        (notes / name).parent.mkdir(exist_ok=True)
        (notes / name).write_bytes(data)
    steps: list[Progress] = []
    report = await desk.ingest.index_paths(HERE, [notes, Path("missing.md")], steps.append)
    assert outcomes(report) == {
        "notes/a.md": "added",
        "notes/b.txt": "added",
        "notes/copy.md": "duplicate",
        "notes/nul.txt": "knowledge.not_text",
        "notes/wrong.pdf": "knowledge.damaged",
        "notes/sub/c.html": "added",
        "missing.md": "file.missing",
    }
    assert [(step.n_done, step.n_total) for step in steps] == [(n, 7) for n in range(1, 8)]
    assert [(file.name, file.left_out) for file in report.left_out] == [("notes/photo.png", "kind")]
    again = await desk.ingest.index_paths(HERE, [notes])
    assert Counter(done.outcome for done in again.indexed) == {"unchanged": 4}


async def test_a_text_that_moves_between_files_of_one_run_is_kept(desk: Desk, notes: Path) -> None:
    (notes / "a.md").write_text("The key is under the pot.")
    await desk.ingest.index_paths(HERE, [notes])
    (notes / "a.md").write_text("The key is on the shelf.")
    (notes / "b.md").write_text("The key is under the pot.")
    report = await desk.ingest.index_paths(HERE, [notes])
    assert outcomes(report) == {"notes/a.md": "replaced", "notes/b.md": "added"}
    assert sorted(await desk.texts()) == ["The key is on the shelf.", "The key is under the pot."]


class FailingEmbedder(WordEmbedder):
    """Fails once it has embedded so many passages."""

    def __init__(self, n_before: int) -> None:
        super().__init__()
        self.n_before = n_before

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        if self.n_embedded + len(texts) > self.n_before:
            raise MemoryError
        return super().embed_passages(texts)


async def test_a_run_that_breaks_off_keeps_whole_documents_and_can_be_repeated(desk: Desk, notes: Path) -> None:
    write_notes(notes, 200)
    desk.embedder = FailingEmbedder(250)
    with pytest.raises(MemoryError):
        await desk.ingest.index_paths(HERE, [notes])
    n_stored = await whole_documents(desk.documents)
    assert 0 < n_stored < 200
    desk.embedder = WordEmbedder()
    counts = Counter(done.outcome for done in (await desk.ingest.index_paths(HERE, [notes])).indexed)
    assert counts == {"unchanged": n_stored, "added": 200 - n_stored}
    assert await whole_documents(desk.documents) == 200


async def test_a_run_that_is_cancelled_keeps_whole_documents(desk: Desk, notes: Path) -> None:
    write_notes(notes, 200)
    seen = asyncio.Event()
    run = asyncio.create_task(desk.ingest.index_paths(HERE, [notes], lambda step: seen.set()))
    await seen.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert 0 < await whole_documents(desk.documents) < 200
    await desk.ingest.index_paths(HERE, [notes])
    assert await whole_documents(desk.documents) == 200


async def test_many_people_teach_at_once(desk: Desk) -> None:
    async def teach(n: int) -> IndexedDocument:
        return await desk.ingest.index_file(SpaceId(f"discord:{n % 3}"), f"{n}.md", f"Note {n // 2}.".encode())

    done = await asyncio.gather(*(teach(n) for n in range(24)))
    assert {indexed.outcome for indexed in done} == {"added"}
    twice = await asyncio.gather(*(desk.ingest.index_file(HERE, f"{n}.txt", b"The same words.") for n in range(8)))
    assert Counter(indexed.outcome for indexed in twice) == {"added": 1, "duplicate": 7}


CONTENTS = st.sampled_from([b"Alpha one.", b"Beta two.", b"Gamma three.", b"", bytes(9)])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.dictionaries(st.sampled_from("abcd"), CONTENTS, min_size=1), min_size=1, max_size=3))
def test_one_run_over_many_files_comes_to_the_same_as_one_file_at_a_time(
    rounds: list[dict[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("runs")

    async def check() -> None:
        async with await Database.open(folder / "data") as database:
            desk = Desk(database)
            for files in rounds:
                for name, data in files.items():
                    (folder / f"{name}.md").write_bytes(data)
                paths = [folder / f"{name}.md" for name in files]
                await desk.ingest.index_paths(HERE, paths)
                for path in paths:
                    await desk.ingest.index_paths(THERE, [path])
            assert sorted(await desk.texts(HERE)) == sorted(await desk.texts(THERE))
            names = [{document.names for document in await desk.documents.list(space)} for space in (HERE, THERE)]
            assert names[0] == names[1]

    asyncio.run(check())


async def test_what_was_taught_is_found_and_what_was_forgotten_is_not(desk: Desk, tmp_path: Path) -> None:
    searcher = HybridSearcher(desk.embedder, desk.passages, tmp_path / "indexes")

    async def found(space: SpaceId = HERE) -> list[str]:
        return [hit.passage.text for hit in (await searcher.search(Scope(space), "Where is the spare key?", "en")).hits]

    await desk.ingest.index_file(HERE, "keys.md", b"The spare key is under the pot.")
    await desk.ingest.index_file(THERE, "keys.md", b"The spare key is with the neighbour.")
    assert await found() == ["The spare key is under the pot."]
    await desk.ingest.index_file(HERE, "keys.md", b"The spare key is on the shelf.")
    assert await found() == ["The spare key is on the shelf."]
    assert await found(THERE) == ["The spare key is with the neighbour."]
    await desk.documents.forget(HERE, "keys.md")
    assert await found() == []
    await searcher.close()


# --- another embedder ----------------------------------------------------------------------------


async def test_another_embedder_is_refused(desk: Desk, notes: Path) -> None:
    write_notes(notes, 3)
    await desk.ingest.index_paths(HERE, [notes])
    desk.embedder = OtherEmbedder()
    for attempt in (desk.ingest.index_paths(HERE, [notes]), desk.ingest.index_file(HERE, "b.md", b"More.")):
        with pytest.raises(Unavailable, match="other_embedder"):
            await attempt
    assert (await desk.ingest.index_file(THERE, "b.md", b"More.")).outcome == "added"


# --- killed --------------------------------------------------------------------------------------

N_NOTES = 500

INDEXER = """
import asyncio, sys, time
from pathlib import Path
from core.knowledge.ingest import Ingest
from core.knowledge.embedding import SoleEmbedder
from core.retrieval.chunk import searched_text
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import SpaceId
from tests.fakes import WordEmbedder
from tests.parser import InProcessParser

class Slow(WordEmbedder):
    def embed_passages(self, texts):
        time.sleep(0.02)
        return super().embed_passages(texts)

async def main():
    async with await Database.open(Path(sys.argv[1])) as database:
        embedders = SoleEmbedder(Slow(), Passages(database))
        ingest = Ingest(Documents(database), embedders, None, InProcessParser(), max_file_bytes=1000000)
        show = lambda step: print(step.n_done, flush=True)
        await ingest.index_paths(SpaceId("discord:1"), [Path(sys.argv[2])], show)

asyncio.run(main())
"""


def write_notes(folder: Path, n_notes: int) -> None:
    for n in range(n_notes):
        (folder / f"{n:03}.md").write_text(
            f"# Note {n}\n\nThe first part of {n}.\n\n## More\n\nThe second part of {n}.\n"
        )


async def whole_documents(documents: Documents) -> int:
    """Return how many notes are stored, once each is known to be there whole."""
    held = await documents.list(HERE)
    assert all(document.n_passages == 2 and len(document.names) == 1 for document in held)
    return len(held)


@pytest.mark.parametrize("n_before", [1, 300])
async def test_kill_9_while_indexing_leaves_whole_documents_and_the_next_run_finishes(
    tmp_path: Path, notes: Path, n_before: int
) -> None:
    write_notes(notes, N_NOTES)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        INDEXER,
        str(tmp_path / "data"),
        str(notes),
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if int(line) >= n_before:
            process.send_signal(signal.SIGKILL)
            break
    assert await process.wait() == -signal.SIGKILL

    async with await Database.open(tmp_path / "data") as database:
        desk = Desk(database)
        n_stored = await whole_documents(desk.documents)
        assert n_before <= n_stored < N_NOTES
        integrity = await database.rows(text("PRAGMA integrity_check"))
        assert [row[0] for row in integrity] == ["ok"]
        report = await desk.ingest.index_paths(HERE, [notes])
        counts = Counter(done.outcome for done in report.indexed)
        assert counts == {"unchanged": n_stored, "added": N_NOTES - n_stored}
        assert await whole_documents(desk.documents) == N_NOTES
        assert len(await desk.texts()) == 2 * N_NOTES
        searcher = HybridSearcher(desk.embedder, desk.passages, tmp_path / "indexes")
        hits = (await searcher.search(Scope(HERE), "the second part of 499", "en")).hits
        await searcher.close()
        assert hits[0].passage.text.endswith("The second part of 499.")
