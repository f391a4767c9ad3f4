"""What is parsed in a sandbox comes out as it would here; what ends the sandbox is refused and not tried again."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fpdf import FPDF

from core.errors import BadInput, Unavailable
from core.knowledge.parsing import sandboxed_parser
from core.knowledge.parsing.sandboxed_parser import SandboxedParser, open_pool
from core.sandbox import process
from core.sandbox.frames import Frame
from core.sandbox.limits import Budget
from core.sandbox.process import SandboxKilled
from core.storage.database import Database
from core.storage.schema import unreadable_sources
from core.storage.unreadable import KEPT, UnreadableSources
from core.types import Page
from tests.corpus.handbook import handbook
from tests.corpus.office import write_docx, write_xlsx
from tests.corpus.texts import write_rst
from tests.parser import InProcessParser
from tests.stoppers import nested_pdf, tagged, zalgo

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")


def pdf() -> bytes:
    document = FPDF()
    document.add_page()
    document.set_font("helvetica", size=12)
    document.multi_cell(0, 8, "The gate opens at nine. Bring your key.")
    return bytes(document.output())


PAGE = """<html><head><title>Gates</title><meta property="article:modified_time" content="2026-03-04"></head><body>
<h1>Gates</h1><p>The north gate of the yard is opened at nine by whoever has the key, every day but Monday.</p>
<table><tr><th>Gate</th><th>Hour</th></tr><tr><td>North</td><td>9</td></tr></table></body></html>"""

DOCUMENTS = {
    "notes.md": "# Portões\n\nO portão norte abre às nove.\n\n## Chaves\n\nAs chaves estão com a Inês.\n".encode(),
    "page.html": PAGE.encode(),
    "gate.pdf": pdf(),
    "pool.py": b"class Pool:\n    def close(self):\n        pass\n",
    "latin.txt": "Às segundas o portão não abre. É o que está escrito.".encode("cp1252"),
    "book.docx": write_docx(handbook(1)),
    "book.xlsx": write_xlsx(handbook(1)),
    "book.rst": write_rst(handbook(1)),
    "half.md": "O portão abre às nove, não às dez: é já. ".encode() * 3 + b"\xff",
}
FEED = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>https://gates.example/</link>'
    b"<item><title>One</title><link>https://gates.example/news/one</link></item></channel></rss>"
)


@pytest.fixture
async def parser(database: Database) -> AsyncIterator[SandboxedParser]:
    pool = open_pool()
    yield SandboxedParser(pool, UnreadableSources(database))
    await pool.aclose()


class Scripted:
    """A pool whose next reply is given, or the reason why it is killed."""

    def __init__(self, *replies: Frame | Exception) -> None:
        self.replies = list(replies)
        self.budgets: list[Budget] = []

    async def ask(self, request: Frame, budget: Budget) -> Frame:
        self.budgets.append(budget)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def over(pool: Scripted, database: Database) -> SandboxedParser:
    return SandboxedParser(pool, UnreadableSources(database))  # type: ignore[arg-type]


async def parsed(parser: SandboxedParser, data: bytes = b"The gate opens.", name: str = "gate.txt") -> object:
    return await parser.parse(data, name, "", "en")


async def refused(parser: SandboxedParser, data: bytes = b"The gate opens.", name: str = "gate.txt") -> BadInput:
    with pytest.raises(BadInput) as found:
        await parser.parse(data, name, "", "en")
    return found.value


async def test_what_comes_out_is_what_would_come_out_here(parser: SandboxedParser) -> None:
    here = InProcessParser()
    for name, data in DOCUMENTS.items():
        assert await parser.parse(data, name, "", "en") == await here.parse(data, name, "", "en")
    text = "# Gates\n\nThe gate opens at nine.\n\n# Portões\n\nO portão abre às nove da manhã, menos à segunda.\n"
    assert await parser.cut(text, "n", "markdown", "en") == await here.cut(text, "n", "markdown", "en")
    page = Page("https://gates.example/", "https://gates.example/", "text/html", PAGE.encode())
    assert await parser.published_date(page) == datetime(2026, 3, 4, tzinfo=UTC)
    assert await parser.feed_entries(page) is None
    feed = Page("https://gates.example/rss", "https://gates.example/rss", "application/rss+xml", FEED)
    assert await parser.feed_entries(feed) == ("https://gates.example/news/one",)
    assert await parser.language_of("O portão abre às nove da manhã, menos à segunda.", "en") == "pt"


async def test_why_there_is_no_text_is_said_under_the_document_s_own_name(parser: SandboxedParser) -> None:
    for data, name, key in (
        (b"%PDF-1.4 and no more", "gate.pdf", "knowledge.damaged"),
        (b" \n", "gate.md", "knowledge.empty"),
        (b"x", "gate.exe", "knowledge.unsupported"),
        (b"# h\na\n" * 20_000, "gate.md", "knowledge.too_much_text"),
        (b"<p>" + b"a" * 5_000_001, "gate.html", "knowledge.too_large"),
    ):
        error = await refused(parser, data, name)
        assert (error.key, error.values["name"]) == (key, name)


@linux_only
@pytest.mark.timeout(300)
async def test_what_never_ends_is_killed_and_not_tried_again(
    parser: SandboxedParser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandboxed_parser, "_CPU_S", 1.0)
    monkeypatch.setattr(process, "_WALL_FACTOR", 1_000.0)  # a busy machine may give it a hundredth of a processor
    assert (await refused(parser, nested_pdf(), "nested.pdf")).key == "knowledge.killed"
    again = await refused(over(Scripted(), database), nested_pdf(), "again.pdf")  # a pool with no reply is not asked
    assert (again.key, again.values["name"]) == ("knowledge.killed", "again.pdf")


async def test_a_few_thousand_marks_or_tags_are_read(parser: SandboxedParser) -> None:
    for name, text in (("marks.txt", zalgo(160_000)), ("tags.html", tagged("<p>a", 20_000))):
        assert "The gate opens at nine." in (await parser.parse(text.encode(), name, "", "en")).text


@pytest.mark.parametrize("reason", ["time", "memory", "crash"])
async def test_what_ended_its_sandbox_is_remembered_until_it_is_long_ago(database: Database, reason: str) -> None:
    pool = Scripted(SandboxKilled(reason), Frame({}))  # type: ignore[arg-type]
    for _ in range(2):
        assert (await refused(over(pool, database))).key == "knowledge.killed"
    assert len(pool.replies) == 1
    async with database.write() as connection:
        await connection.execute(unreadable_sources.update().values(killed_at=datetime.now(UTC) - KEPT - timedelta(1)))
    await refused(over(pool, database))
    assert not pool.replies


async def test_another_operation_on_the_same_bytes_is_tried(database: Database) -> None:
    pool = Scripted(SandboxKilled("time"), Frame({"language": "pt"}))
    await refused(over(pool, database))
    assert await over(pool, database).language_of("The gate opens.", "en") == "pt"


async def test_a_process_that_was_stopped_from_outside_says_nothing_about_the_bytes(database: Database) -> None:
    pool = Scripted(SandboxKilled("stopped"), SandboxKilled("stopped"))
    for _ in range(2):
        assert (await refused(over(pool, database))).key == "knowledge.killed"
    assert not pool.replies


async def test_no_process_to_be_had_is_no_fault_of_the_bytes(database: Database) -> None:
    with pytest.raises(Unavailable) as found:
        await parsed(over(Scripted(OSError("no more processes")), database))
    assert found.value.key == "knowledge.no_sandbox"


async def test_more_bytes_may_take_more(database: Database) -> None:
    pool = Scripted(SandboxKilled("stopped"), SandboxKilled("stopped"))
    await refused(over(pool, database), b"a")
    await refused(over(pool, database), b"a" * 2_000_000)
    small, large = pool.budgets
    assert large.cpu_s > small.cpu_s
    assert large.memory_bytes > small.memory_bytes


HEADER = {"title": "T", "kind": "text", "language": "en", "headings": [""], "chunks": [[0, 3, 0]], "languages": [0]}


@pytest.mark.parametrize(
    "changed",
    [
        {"title": 1},
        {"kind": "exe"},
        {"language": "xx"},
        {"chunks": [[0, 4, 0]]},
        {"chunks": [[-1, 2, 0]]},
        {"chunks": [[2, 2, 0]]},
        {"chunks": [[0, 2, 1]]},
        {"chunks": [[0, 2]]},
        {"chunks": "all"},
        {"headings": None},
        {"headings": [1]},
        {"languages": []},
        {"languages": [9]},
        {"error": "discord.bad_token"},
        {"error": 1},
        {"error": "knowledge.empty", "values": 1},
    ],
)
async def test_what_a_sandbox_made_up_is_not_believed(database: Database, changed: dict[str, object]) -> None:
    reply = Frame({**HEADER, **changed}, b"abc")
    assert (await refused(over(Scripted(reply), database))).key == "knowledge.killed"


async def test_a_refusal_keeps_its_numbers_and_the_name_it_was_asked_under(database: Database) -> None:
    values = {"size_mb": 9.0, "limit_mb": 5, "name": "[CLICK](https://x.example)", "problem": "\x1b[31m"}
    error = await refused(over(Scripted(Frame({"error": "knowledge.too_large", "values": values})), database))
    assert error.values == {"size_mb": 9.0, "limit_mb": 5, "name": "gate.txt"}


def test_the_sandbox_imports_neither_models_nor_the_database(tmp_path: Path) -> None:
    from subprocess import check_output

    code = (
        "import sys; from core.knowledge.parsing.parse import parse; import core.knowledge.parsing.process; "
        "parse(b'<p>The gate opens.</p>', 'gate.html', 'text/html', 'en'); "
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    loaded = set(check_output([sys.executable, "-c", code], cwd=Path(__file__).parents[4], text=True).split())
    assert "trafilatura" in loaded
    assert not loaded & {"torch", "transformers", "sqlalchemy", "faiss", "tantivy", "discord", "telegram", "pydantic"}
