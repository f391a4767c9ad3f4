"""Gaps: what AION could not answer, put together by meaning, and researched within what a space allows.

Questions that were declined, answered from elsewhere or disliked are clustered by their embeddings (agglomerative,
average linkage), so that many ways to ask are one gap. What was researched or dismissed stays away until it is asked
anew. What AION looks for by itself always waits for a moderator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from core.curation.curator import N_RESULTS, Curator, Research
from core.errors import BadInput, UserError
from core.offload import offload
from core.ports import Embedder
from core.services import Finding, Tell
from core.storage.curation.gaps import Gaps, NewGap, UnansweredQuestion
from core.storage.curation.reading_log import ReadingLog
from core.storage.spaces import Spaces
from core.types import Gap, Matrix, SpaceId

WINDOW = timedelta(days=60)
MAX_QUESTIONS = 1_000
"""The most recent ones of a space; their distances are a matrix."""

N_EXAMPLES = 4
NEAR = 0.90
"""The least mean cosine within a cluster: of questions that ask the same, nearly all are beyond it."""

SETTING = "gap_pages_a_week"
"""The space's setting: how many pages AION may read by itself in seven days; none unless a moderator says so."""

N_RESEARCHED = 3
"""How many gaps of a space are researched in one night."""


@dataclass(frozen=True, slots=True)
class GapFinder:
    """Finds every space's gaps."""

    gaps: Gaps
    embedder: Embedder
    curator: Curator
    readings: ReadingLog
    spaces: Spaces

    async def gather(self) -> str:
        """Gather every space's gaps anew, and return one line about it."""
        since = datetime.now(UTC) - WINDOW
        counts = [await self._gather(space, since) for space in await self.gaps.spaces(since)]
        return f"{sum(counts)} gaps in {len(counts)} spaces"

    async def research(self) -> str:
        """Research the first gaps of each space that allows it, and return one line about it."""
        n_pages = 0
        for space in await self.gaps.spaces(datetime.now(UTC) - WINDOW):
            for gap in await self.gaps.open(space, N_RESEARCHED):
                if await self.pages_left(space) < N_RESULTS:
                    break
                n_pages += len(await self._research(space, gap, "", _unheard))
        return f"{n_pages} pages read about gaps"

    async def pages_left(self, space: SpaceId) -> int:
        """Return how many pages AION may still read by itself in a space these seven days."""
        known = await self.spaces.get(space)
        allowed = int(known.settings.get(SETTING, 0)) if known else 0
        week = datetime.now(UTC) - timedelta(days=7)
        return allowed - await self.readings.n_unasked_pages(space, week) if allowed else 0

    async def _gather(self, space: SpaceId, since: datetime) -> int:
        asked = await self.gaps.unanswered(space, since, MAX_QUESTIONS)
        vectors = await offload(_embedded, self.embedder, asked)
        found = await offload(clusters, asked, vectors)
        done = await self.gaps.decided(space)
        still_open = [
            gap
            for gap in found
            if not any(float(gap.vector @ each.vector) >= NEAR and gap.asked_at <= each.decided_at for each in done)
        ]
        await self.gaps.replace(space, still_open)
        return len(still_open)

    async def _research(self, space: SpaceId, gap: Gap, person: str, tell: Tell) -> tuple[Finding, ...]:
        research = Research(space, gap.question, gap.language, person, is_trusted=False)
        try:
            findings = await self.curator.research(research, tell)
        except UserError:
            if person:
                raise
            return ()  # recorded with its reading; nobody waits for it, and the next night tries again
        await self.gaps.decide(space, gap.id, "researched")
        return findings

    def of(self, space: SpaceId, person: str) -> SpaceGaps:
        """Return one space's gaps, for the person of that pseudonym."""
        return SpaceGaps(self, space, person)


@dataclass(frozen=True, slots=True)
class SpaceGaps:
    """One space's gaps, for one person (``core.services.GapsPort``)."""

    _finder: GapFinder
    _space: SpaceId
    _person: str

    async def first(self, n_gaps: int) -> tuple[Gap, ...]:
        """Return the gaps that most people met; gathered now where that never happened."""
        found = await self._finder.gaps.open(self._space, n_gaps)
        if found:
            return found
        await self._finder._gather(self._space, datetime.now(UTC) - WINDOW)
        return await self._finder.gaps.open(self._space, n_gaps)

    async def research(self, number: int, tell: Tell) -> tuple[Finding, ...]:
        """Look for pages that would close a gap; they wait for approval. Raises ``BadInput`` when there is none."""
        return await self._finder._research(self._space, await self._get(number), self._person, tell)

    async def dismiss(self, number: int) -> Gap:
        """Leave a gap alone until it is asked anew. Raises ``BadInput`` when there is none of that number."""
        gap = await self._get(number)
        await self._finder.gaps.decide(self._space, number, "dismissed")
        return gap

    async def allow(self, n_pages: int) -> None:
        """Set how many pages AION may read by itself about this space's gaps in seven days."""
        await self._finder.spaces.change_settings(self._space, lambda settings: {**settings, SETTING: n_pages})

    async def allowed(self) -> int:
        """Return how many pages AION may read by itself in seven days."""
        known = await self._finder.spaces.get(self._space)
        return int(known.settings.get(SETTING, 0)) if known else 0

    async def _get(self, number: int) -> Gap:
        gap = await self._finder.gaps.get(self._space, number)
        if gap is None:
            raise BadInput("gaps.unknown", number=number)
        return gap


def clusters(asked: Sequence[UnansweredQuestion], vectors: Matrix) -> list[NewGap]:
    """Put questions that ask the same together. ``vectors``: ``(len(asked), dim)``, normalised. Blocks."""
    if len(asked) < 2:
        return [_gap(asked, vectors)] if asked else []
    from sklearn.cluster import AgglomerativeClustering

    clustering = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - NEAR
    )
    labels = clustering.fit_predict(vectors)
    rows = [np.flatnonzero(labels == label).tolist() for label in range(int(labels.max()) + 1)]
    return [_gap([asked[row] for row in each], vectors[each]) for each in rows]


def _gap(asked: Sequence[UnansweredQuestion], vectors: Matrix) -> NewGap:
    centre = vectors.mean(axis=0)
    centre /= np.linalg.norm(centre) or 1.0
    nearest = asked[int(np.argmax(vectors @ centre))]
    others = dict.fromkeys(each.question for each in asked if each.question != nearest.question)
    return NewGap(
        question=nearest.question,
        language=nearest.language,
        examples=tuple(others)[:N_EXAMPLES],
        n_questions=len(asked),
        n_people=len({each.person for each in asked}),
        vector=centre.astype(np.float32),
        asked_at=max(each.asked_at for each in asked),
    )


def _embedded(embedder: Embedder, asked: Sequence[UnansweredQuestion]) -> Matrix:
    vectors = {question: embedder.embed_query(question) for question in {each.question for each in asked}}
    return np.array([vectors[each.question] for each in asked], np.float32).reshape(len(asked), embedder.dim)


async def _unheard(_: tuple[Finding, ...]) -> None:
    """Show nobody how far it is."""
