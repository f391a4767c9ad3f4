"""Reading: the first hits of a search are read for the question, ranked anew, and the context is chosen of that order.

A search sees which words and themes question and passage share; a reader compares their tokens, and so ranks better and
knows a near miss more often. What is read of a passage depends on it and the question alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.offload import offload
from core.ports import Reader, Searcher
from core.retrieval.reading.passage_reader import UNREAD
from core.retrieval.search import diverse
from core.stopwatch import Stopwatch
from core.types import Hit, Language, Scope, SearchResult

N_READ = 12
"""Hits that are read: they hold the answer in .89 of the questions of communities, 24 in .92, in twice the time."""

N_READ_BESIDE_LEAD = 8
"""Hits that are read where the second embedder ranked them, too, and tells the lead: with more the order is no better,
and both together take about as long as reading ``N_READ``."""

NATS_PER_LOG_ODDS = 2.0
"""What a log-odds of the reader's counts in a hit's fused score; fitted by ``bench/reader_fit.py``."""


@dataclass(frozen=True, slots=True)
class ReadingSearcher:
    """A ``core.ports.Searcher`` whose first hits are read and ranked anew."""

    searcher: Searcher
    reader: Reader

    async def search(self, scope: Scope, query: str, language: Language) -> SearchResult:
        """Return the same hits by fused score and evidence, and a context chosen from that order."""
        return await as_read(await self.searcher.search(scope, query, language), self.reader)


async def as_read(found: SearchResult, reader: Reader | None) -> SearchResult:
    """Return what ``read_hits`` does, off the event loop and timed; ``found`` itself where there is no reader."""
    if reader is None:
        return found
    clock = Stopwatch()
    with clock.step("read"):
        read = await offload(read_hits, found, reader)
    return replace(read, latency_ms={**found.latency_ms, "read": clock.read()["read"]})


def read_hits(found: SearchResult, reader: Reader) -> SearchResult:
    """Return the hits by fused score and the evidence of the first, with a context of that order; as they are unread.

    Blocks.
    """
    if not found.hits:
        return found
    lead = reader.lead(found.question, [hit.passage for hit in found.hits])
    n_read = N_READ if lead is None else N_READ_BESIDE_LEAD
    first, rest = found.hits[:n_read], found.hits[n_read:]
    evidence = reader.evidence(found.question, [hit.passage for hit in first])
    if evidence is None:
        return found
    read = [_with_evidence(hit, each) for hit, each in zip(first, evidence, strict=True)]
    unread = [replace(hit, score=hit.score + NATS_PER_LOG_ODDS * UNREAD) for hit in rest]
    hits = tuple(sorted((*read, *unread), key=lambda hit: -hit.score))
    return replace(found, hits=hits, context=diverse(hits), lead=lead)


def with_reader(searcher: Searcher, reader: Reader | None) -> Searcher:
    """Return ``searcher`` with a reader; unchanged where there is none."""
    return searcher if reader is None else ReadingSearcher(searcher, reader)


def _with_evidence(hit: Hit, evidence: float) -> Hit:
    return replace(hit, evidence=evidence, score=hit.score + NATS_PER_LOG_ODDS * evidence)
