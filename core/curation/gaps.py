"""Gaps: clusters of questions that were not answered well, and research about them within a space's budget.

Questions that were declined, not answered from the space's texts, or disliked are clustered by their embeddings
(agglomerative, average linkage). A gap that was researched or dismissed comes back only when it is asked again. Pages
found without a person's request always wait for a moderator.
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
from core.services import Finding, FindingsListener
from core.services.setting_schema import RESEARCH
from core.storage.curation.gaps import Gaps, NewGap, UnansweredQuestion
from core.storage.curation.reading_log import ReadingLog
from core.storage.spaces import Spaces
from core.types import Gap, Matrix, Scope, SpaceId, community_of

WINDOW = timedelta(days=60)
"""Questions asked longer ago are ignored."""

MAX_QUESTIONS = 1_000
"""The most questions of a space, the latest; clustering needs the matrix of their distances."""

N_EXAMPLES = 4
MIN_COSINE = 0.90
"""The least mean cosine of merged clusters; nearly all paraphrases are above it."""

N_RESEARCHED = 3
"""The most gaps of a space that are researched in one night."""


@dataclass(frozen=True, slots=True)
class GapFinder:
    """Gathers and researches the gaps of all spaces."""

    gaps: Gaps
    embedder: Embedder
    curator: Curator
    readings: ReadingLog
    spaces: Spaces

    async def gather(self) -> str:
        """Gather the open gaps of all spaces again; return a line for the job's record."""
        since = datetime.now(UTC) - WINDOW
        counts = [await self._gather(space, since) for space in await self.gaps.spaces(since)]
        return f"{sum(counts)} gaps in {len(counts)} spaces"

    async def research(self) -> str:
        """Research the first gaps of each space that allows it; return a line for the job's record.

        What was asked where only some may read goes to no search engine unasked.
        """
        n_pages = 0
        asked = await self.gaps.spaces(datetime.now(UTC) - WINDOW)
        for space in (each for each in asked if each == community_of(each)):
            for gap in await self.gaps.open(space, N_RESEARCHED):
                if await self.pages_left(space) < N_RESULTS:
                    break
                n_pages += len(await self._research(space, gap, "", _ignore_findings))
        return f"{n_pages} pages read about gaps"

    async def pages_left(self, space: SpaceId) -> int:
        """Return the space's remaining budget of pages that were not asked for, in these seven days."""
        allowed = await self.spaces.value(space, RESEARCH)
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
            if not any(
                float(gap.vector @ each.vector) >= MIN_COSINE and gap.asked_at <= each.decided_at for each in done
            )
        ]
        await self.gaps.replace(space, still_open)
        return len(still_open)

    async def _research(self, space: SpaceId, gap: Gap, person: str, tell: FindingsListener) -> tuple[Finding, ...]:
        research = Research(space, gap.question, gap.language, person, is_trusted=False)
        try:
            findings = await self.curator.research(research, tell)
        except UserError:
            if person:
                raise
            return ()  # recorded in the reading log; tried again the next night
        await self.gaps.decide(space, gap.id, "researched")
        return findings

    async def questions(self, space: SpaceId, gap: Gap) -> tuple[UnansweredQuestion, ...]:
        """Return the questions of a gap that are without a good answer now, newest first."""
        centre = await self.gaps.vector(space, gap.id)
        asked = await self.gaps.unanswered(space, datetime.now(UTC) - WINDOW, MAX_QUESTIONS)
        vectors = await offload(_embedded, self.embedder, asked)
        worded = {gap.question, *gap.examples}
        is_near = [False] * len(asked)
        if centre is not None and len(centre) == self.embedder.dim:
            is_near = (vectors @ centre >= MIN_COSINE).tolist()
        return tuple(each for each, near in zip(asked, is_near, strict=True) if near or each.question in worded)

    def of(self, scope: Scope, person: str) -> SpaceGaps:
        """Return the gaps of a scope, bound to a person's pseudonym."""
        return SpaceGaps(self, scope, person)


@dataclass(frozen=True, slots=True)
class SpaceGaps:
    """The gaps of one scope, bound to one person (``core.services.GapsPort``)."""

    _finder: GapFinder
    _scope: Scope
    _person: str

    async def first(self, n_gaps: int) -> tuple[Gap, ...]:
        """Return the gaps that most people asked about; gathered now when there are none."""
        if not (found := await self._finder.gaps.first(self._scope, n_gaps)):
            for space in self._scope.community:
                await self._finder._gather(space, datetime.now(UTC) - WINDOW)
            found = await self._finder.gaps.first(self._scope, n_gaps)
        return found

    async def research(self, number: int, tell: FindingsListener) -> tuple[Finding, ...]:
        """Propose pages about a gap. Raises ``BadInput`` when there is none of that number or nothing is found."""
        space, gap = await self._get(number)
        return await self._finder._research(space, gap, self._person, tell)

    async def dismiss(self, number: int) -> Gap:
        """Dismiss a gap until its question is asked again. Raises ``BadInput`` when there is none of that number."""
        space, gap = await self._get(number)
        await self._finder.gaps.decide(space, number, "dismissed")
        return gap

    async def allow(self, n_pages: int) -> None:
        """Set how many pages may be read about gaps without being asked for, in seven days."""
        await self._finder.spaces.set_value(self._scope.space, RESEARCH, n_pages)

    async def allowed(self) -> int:
        """Return how many pages may be read without being asked for, in seven days."""
        return await self._finder.spaces.value(self._scope.space, RESEARCH)

    async def _get(self, number: int) -> tuple[SpaceId, Gap]:
        """Return a gap, and the space it was met in."""
        for space in self._scope.community:
            if (gap := await self._finder.gaps.get(space, number)) is not None:
                return space, gap
        raise BadInput("gaps.unknown", number=number)


def clusters(asked: Sequence[UnansweredQuestion], vectors: Matrix) -> list[NewGap]:
    """Return clusters of similar questions; ``vectors`` has shape ``(len(asked), dim)``, normalised. Blocks."""
    if len(asked) < 2:
        return [_gap(asked, vectors)] if asked else []
    # scipy's: scikit-learn would keep 60 MB more in a process that finds gaps once a night.
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    apart = np.maximum(0, 1 - vectors @ vectors.T)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), "average")
    labels = fcluster(tree, 1 - MIN_COSINE, "distance")
    rows = [np.flatnonzero(labels == label).tolist() for label in range(1, int(labels.max()) + 1)]
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


async def _ignore_findings(_: tuple[Finding, ...]) -> None:
    """Ignore progress."""
