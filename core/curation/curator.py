"""The curator: finds pages about a theme, keeps the best ones, and gives a reason for every other one.

    search ─▶ fetch ─▶ extract ─▶ judge quality ─▶ drop near-duplicates ─▶ best n ─▶ review, or store

Texts are not rewritten: a moderator approves what the page says (specification, section 7.2). Known and pending texts
are recognised, so an interrupted run is simply repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from core.curation.duplicates import MinHashIndex
from core.curation.page_quality import PageQuality, judge, relevance
from core.curation.reading_log import log_reading
from core.curation.websearch import WebResult, WebSearch
from core.errors import BadInput, UserError
from core.extensions.contributions import FoundPage
from core.knowledge.ingest import Ingest
from core.knowledge.prepare import FailedDocument
from core.knowledge.review import ReviewService
from core.offload import offload
from core.ports import PageSource
from core.retrieval.sentences import sentences
from core.services import Finding, FindingsListener
from core.storage.curation.proposals import NewProposal
from core.storage.curation.reading_log import ReadingLog
from core.storage.documents import Documents, NewDocument
from core.types import IndexedDocument, Language, Proposal, SpaceId

N_RESULTS = 10
N_KEPT = 5
"""Of ten results the best five are kept (specification, section 7.2)."""

N_AT_ONCE = 4
N_EXCERPTS = 3
_MAX_EXCERPT_CHARS = 300
_MIN_EXCERPT_CHARS = 30


@dataclass(frozen=True, slots=True)
class Research:
    """What to read about, and for whom. ``person`` is a pseudonym, empty for AION itself.

    At most ``n_kept`` pages are kept; ``is_trusted``: they are stored at once instead of waiting for a moderator.
    """

    space: SpaceId
    theme: str
    language: Language
    person: str
    is_trusted: bool
    n_kept: int = N_KEPT


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A page of sufficient quality."""

    finding: Finding
    new: NewDocument
    quality: PageQuality


class PageEngines(Protocol):
    """Search engines of a space's plugins (``core.extensions.plugin_work.PluginWork``)."""

    async def find_pages(self, space: SpaceId, theme: str, language: Language) -> Sequence[FoundPage]:
        """Return pages about a theme, best first; none where no engine finds any."""
        ...


@dataclass(slots=True)
class Curator:
    """Finds, judges and keeps web pages for a space."""

    search: WebSearch
    pages: PageSource
    ingest: Ingest
    reviews: ReviewService
    documents: Documents
    readings: ReadingLog
    engines: PageEngines | None = None
    _signatures: MinHashIndex = field(default_factory=MinHashIndex)

    async def research(self, research: Research, tell: FindingsListener) -> tuple[Finding, ...]:
        """Search for pages about a theme and keep the best; ``tell`` gets all findings whenever one changes.

        Raises ``BadInput`` when the search finds nothing, and ``Unavailable`` when no engine answers.
        """
        reading = self._research(research, tell)
        return await log_reading(self.readings, research.space, research.theme, research.person, reading)

    async def _research(self, research: Research, tell: FindingsListener) -> tuple[Finding, ...]:
        return await self.read(research, await self._results(research), tell)

    async def _results(self, research: Research) -> Sequence[WebResult]:
        """Return what the space's own engines find, then the web's; it need not be reached where they found any."""
        if self.engines is None:
            return await self.search.search(research.theme, research.language, N_RESULTS)
        pages = await self.engines.find_pages(research.space, research.theme, research.language)
        own = [WebResult(page.url, page.title, page.snippet) for page in pages]
        try:
            return [*own, *await self.search.search(research.theme, research.language, N_RESULTS)]
        except UserError:
            if not own:
                raise
            return own

    async def read(
        self, research: Research, results: Sequence[WebResult], tell: FindingsListener
    ) -> tuple[Finding, ...]:
        """Read pages and keep the best, as ``research`` does, without recording it in the reading log."""
        progress = _Progress([Finding(result.url, result.title, "reading") for result in results], tell)
        await progress.report()
        at_once = asyncio.Semaphore(N_AT_ONCE)

        async def read_result(place: int, result: WebResult) -> _Candidate | None:
            async with at_once:
                finding, candidate = await self._read_page(research, result)
            await progress.set(place, finding)
            return candidate

        considered = await asyncio.gather(*(read_result(place, result) for place, result in enumerate(results)))
        for place, candidate in await self._best(research, considered, progress):
            try:
                await progress.set(place, await self._keep(research, candidate))
            except BadInput as error:  # no room for it
                await progress.set(place, Finding.rejected(candidate.new.name, candidate.new.title, error))
        return progress.findings

    async def _read_page(self, research: Research, result: WebResult) -> tuple[Finding, _Candidate | None]:
        """Fetch and judge one page; return its finding, and a candidate where it is good enough and new."""
        try:
            page = await self.pages.fetch(result.url)
        except UserError as error:
            return Finding.rejected(result.url, result.title, error), None
        read = await self.ingest.prepare_page(page, research.language)
        if isinstance(read, FailedDocument):
            return Finding.rejected(result.url, result.title, read.error), None
        new = replace(read.new, title=read.new.title or result.title)
        if (held := await self.documents.find(research.space, new)) is not None:
            return Finding(new.name, new.title, "known", values={"name": held.duplicate_of or held.name}), None
        date = await self.ingest.parser.published_date(page) if new.kind == "html" else None
        new = replace(new, said_at=date or new.said_at)
        quality = await offload(_judge, new, research, date)
        finding = Finding(new.name, new.title, "reading", score=quality.score)
        if not quality.is_good:
            return replace(finding, outcome="rejected", reason=f"quality.{quality.weakest}"), None
        return finding, _Candidate(finding, new, quality)

    async def _best(
        self, research: Research, considered: Sequence[_Candidate | None], progress: _Progress
    ) -> list[tuple[int, _Candidate]]:
        """Return the candidates to keep with their indexes, best first, without near-duplicates of known texts."""
        others = dict(await self.reviews.texts(research.space))
        best: list[tuple[int, _Candidate]] = []
        ranked = [(place, candidate) for place, candidate in enumerate(considered) if candidate is not None]
        for place, candidate in sorted(ranked, key=lambda item: -item[1].quality.score):
            near = await offload(self._signatures.nearest, candidate.new.text, _bodies(others))
            if near is not None:
                name, share = others[near[0]][0], near[1]
                await progress.set(place, candidate.finding.duplicate_of(name, share))
            elif len(best) == research.n_kept:
                await progress.set(
                    place, replace(candidate.finding, outcome="rejected", reason="curation.others_better")
                )
            else:
                best.append((place, candidate))
                others[candidate.new.content_hash] = (candidate.new.name, candidate.new.text)
        return best

    async def _keep(self, research: Research, candidate: _Candidate) -> Finding:
        """Store a page, or propose it to the moderators."""
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


class _Progress:
    """The findings of a run so far, in the order of the results."""

    def __init__(self, findings: list[Finding], tell: Callable[[tuple[Finding, ...]], Awaitable[None]]) -> None:
        self._findings = findings
        self._tell = tell

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings, in the order of the results."""
        return tuple(self._findings)

    async def set(self, place: int, finding: Finding) -> None:
        """Replace the finding of a page, and report."""
        self._findings[place] = finding
        await self.report()

    async def report(self) -> None:
        """Report all findings."""
        await self._tell(self.findings)


def excerpts(new: NewDocument, theme: str) -> tuple[str, ...]:
    """Return the ``N_EXCERPTS`` sentences most relevant to a theme, in their order in the text. Blocks."""
    spans = [span for span in sentences(new.text) if span.end - span.start >= _MIN_EXCERPT_CHARS]
    pieces = {span.start: new.text[span.start : span.end] for span in spans}
    ranked = sorted(pieces, key=lambda start: (-relevance(theme, pieces[start], new.language), start))
    return tuple(pieces[start][:_MAX_EXCERPT_CHARS] for start in sorted(ranked[:N_EXCERPTS]))


def _judge(new: NewDocument, research: Research, date: datetime | None) -> PageQuality:
    return judge(new.text, new.language, theme=research.theme, title=new.title, date=date)


def _bodies(texts: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {content_hash: text for content_hash, (_, text) in texts.items()}
