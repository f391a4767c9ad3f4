"""The curator: finds pages about a theme, reads them, keeps the good ones and says of every other one why not.

    search ─▶ fetch ─▶ extract ─▶ judge ─▶ compare ─▶ the best few ─▶ review, or straight in

Nothing is rewritten: what a moderator approves is what the page says (specification, section 7.2). Running it again
finds what is known or waits already, so a run that was cut short is simply run again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from core.curation.duplicates import Signatures
from core.curation.page_quality import PageQuality, judge, relevance
from core.curation.reading_log import recorded
from core.curation.websearch import WebResult, WebSearch
from core.errors import UserError
from core.knowledge.html import published_date
from core.knowledge.ingest import Ingest
from core.knowledge.prepare import DocumentSource, FailedDocument, PreparedDocument, prepare
from core.knowledge.review import ReviewService
from core.offload import offload
from core.ports import PageSource
from core.retrieval.sentences import sentences
from core.services import Finding, Tell
from core.storage.curation.proposals import NewProposal
from core.storage.curation.reading_log import ReadingLog
from core.storage.documents import Documents, NewDocument
from core.types import IndexedDocument, Language, Page, Proposal, SpaceId

N_RESULTS = 10
N_KEPT = 5
"""The specification's numbers: ten results, of which the best five are kept."""

N_AT_ONCE = 4
N_EXCERPTS = 3
_MAX_EXCERPT_CHARS = 300
_MIN_EXCERPT_CHARS = 30


@dataclass(frozen=True, slots=True)
class Research:
    """What to look for and for whom. ``person`` is a pseudonym, empty for AION itself.

    ``is_trusted``: what is kept is learned at once instead of waiting for a moderator. The best ``n_kept`` are kept.
    """

    space: SpaceId
    theme: str
    language: Language
    person: str
    is_trusted: bool
    n_kept: int = N_KEPT


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A page that was read and is worth keeping."""

    finding: Finding
    new: NewDocument
    quality: PageQuality


@dataclass(slots=True)
class Curator:
    """Learns from the web."""

    search: WebSearch
    pages: PageSource
    ingest: Ingest
    reviews: ReviewService
    documents: Documents
    readings: ReadingLog
    _signatures: Signatures = field(default_factory=Signatures)

    async def research(self, research: Research, tell: Tell) -> tuple[Finding, ...]:
        """Look for pages about a theme and keep the best; ``tell`` hears of all pages whenever one is decided on.

        Raises ``BadInput`` when the search finds nothing, and ``Unavailable`` when no engine answers.
        """
        reading = self._research(research, tell)
        return await recorded(self.readings, research.space, research.theme, research.person, reading)

    async def _research(self, research: Research, tell: Tell) -> tuple[Finding, ...]:
        results = await self.search.search(research.theme, research.language, N_RESULTS)
        return await self.read(research, results, tell)

    async def read(self, research: Research, results: Sequence[WebResult], tell: Tell) -> tuple[Finding, ...]:
        """Read these pages and keep the best of them, as ``research`` does with what it found; not recorded."""
        board = _Board([Finding(result.url, result.title, "reading") for result in results], tell)
        await board.show()
        at_once = asyncio.Semaphore(N_AT_ONCE)

        async def consider(place: int, result: WebResult) -> _Candidate | None:
            async with at_once:
                finding, candidate = await self._consider(research, result)
            await board.put(place, finding)
            return candidate

        considered = await asyncio.gather(*(consider(place, result) for place, result in enumerate(results)))
        for place, candidate in await self._best(research, considered, board):
            await board.put(place, await self._keep(research, candidate))
        return board.findings

    async def _consider(self, research: Research, result: WebResult) -> tuple[Finding, _Candidate | None]:
        """Read one page, and say why not where it is not worth keeping."""
        try:
            page = await self.pages.fetch(result.url)
        except UserError as error:
            return Finding.rejected(result.url, result.title, error), None
        read = await offload(prepared, page, research.language)
        if isinstance(read, FailedDocument):
            return Finding.rejected(result.url, result.title, read.error), None
        new = replace(read.new, title=read.new.title or result.title)
        if (held := await self.documents.find(research.space, new)) is not None:
            return Finding(new.name, new.title, "known", values={"name": held.duplicate_of or held.name}), None
        quality = await offload(_judge, page, new, research)
        finding = Finding(new.name, new.title, "reading", score=quality.score)
        if not quality.is_good:
            return replace(finding, outcome="rejected", reason=f"quality.{quality.weakest}"), None
        return finding, _Candidate(finding, new, quality)

    async def _best(
        self, research: Research, considered: Sequence[_Candidate | None], board: _Board
    ) -> list[tuple[int, _Candidate]]:
        """Return the candidates to keep with their places, best first; none says what another or the space says."""
        others = dict(await self.reviews.texts(research.space))
        best: list[tuple[int, _Candidate]] = []
        ranked = [(place, candidate) for place, candidate in enumerate(considered) if candidate is not None]
        for place, candidate in sorted(ranked, key=lambda item: -item[1].quality.score):
            near = await offload(self._signatures.nearest, candidate.new.text, _bodies(others))
            if near is not None:
                name, share = others[near[0]][0], near[1]
                await board.put(place, candidate.finding.duplicate_of(name, share))
            elif len(best) == research.n_kept:
                await board.put(place, replace(candidate.finding, outcome="rejected", reason="curation.others_better"))
            else:
                best.append((place, candidate))
                others[candidate.new.content_hash] = (candidate.new.name, candidate.new.text)
        return best

    async def _keep(self, research: Research, candidate: _Candidate) -> Finding:
        """Learn a page, or let it wait for the moderators."""
        new, finding = candidate.new, candidate.finding
        if research.is_trusted:
            embedded = await self.ingest.embed(research.space, new)
            indexed = await self.documents.store(research.space, new, embedded)
            return replace(finding, outcome="learned", values={"n_passages": indexed.n_passages})
        kept = await self.reviews.propose(
            research.space,
            NewProposal(
                new=new,
                site=urlsplit(new.name).hostname or "",
                origin=research.theme[:200],
                excerpts=await offload(excerpts, new, research.theme or new.title),
                proposed_by=research.person,
                score=candidate.quality.score,
            ),
        )
        match kept:
            case Proposal():
                return replace(finding, outcome="proposed", values={"number": kept.id})
            case IndexedDocument():
                return replace(finding, outcome="known", values={"name": kept.duplicate_of or kept.name})
            case None:
                return replace(finding, outcome="waiting")


class _Board:
    """What has become of every page of a run so far."""

    def __init__(self, findings: list[Finding], tell: Callable[[tuple[Finding, ...]], Awaitable[None]]) -> None:
        self._findings = findings
        self._tell = tell

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what has become of the pages, in the order they were found."""
        return tuple(self._findings)

    async def put(self, place: int, finding: Finding) -> None:
        """Note what became of a page, and show it."""
        self._findings[place] = finding
        await self.show()

    async def show(self) -> None:
        """Show how far it is."""
        await self._tell(self.findings)


def excerpts(new: NewDocument, theme: str) -> tuple[str, ...]:
    """Return the sentences of a text that say most about a theme, at most ``N_EXCERPTS``, in their order. Blocks."""
    spans = [span for span in sentences(new.text) if span.end - span.start >= _MIN_EXCERPT_CHARS]
    pieces = {span.start: new.text[span.start : span.end] for span in spans}
    ranked = sorted(pieces, key=lambda start: (-relevance(theme, pieces[start], new.language), start))
    return tuple(pieces[start][:_MAX_EXCERPT_CHARS] for start in sorted(ranked[:N_EXCERPTS]))


def prepared(page: Page, language: Language) -> PreparedDocument | FailedDocument:
    """Return a page's text, or why it has none. ``language`` is taken for one too short to tell. Blocks."""
    read = prepare(DocumentSource(page.url, lambda: page.data, page.content_type), {}, set(), language)
    if isinstance(read, IndexedDocument):
        raise AssertionError("nothing is held under any name here")
    return read


def _judge(page: Page, new: NewDocument, research: Research) -> PageQuality:
    date = published_date(page.data.decode("utf-8", "replace")) if new.kind == "html" else None
    return judge(new.text, new.language, theme=research.theme, title=new.title, date=date)


def _bodies(texts: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {content_hash: text for content_hash, (_, text) in texts.items()}
