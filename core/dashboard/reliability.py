"""How often answers were liked by how sure AION was of them: what a calibrated gate predicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select

from core.storage.database import Database
from core.storage.schema import answers, ratings
from core.types import SpaceId

N_BINS = 10

N_RATED = 2_000
"""Rated answers, the latest, that are counted: enough for each bin."""


@dataclass(frozen=True, slots=True)
class RatedBin:
    """Rated answers of similar confidence: its mean, 0..1; the share of them liked more than disliked; their number."""

    confidence: float
    liked: float
    n_rated: int


async def reliability_bins(database: Database, space: SpaceId) -> Sequence[RatedBin]:
    """Return the bins of the latest ``N_RATED`` rated answers, by confidence; empty ones are left out."""
    columns, given = answers.c, ratings.c
    net = func.sum(case((given.thumb == "up", 1), else_=-1)).label("net")
    latest = (
        select(func.max(columns.confidence).label("confidence"), net)  # the index has it: no long row is read
        .join_from(answers, ratings, given.answer_id == columns.id)
        .where(columns.space_id == space)
        .group_by(columns.id)
        .order_by(columns.id.desc())
        .limit(N_RATED)
    )
    by_bin: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for row in await database.rows(latest):
        by_bin[min(N_BINS - 1, int(row.confidence * N_BINS))].append((row.confidence, row.net > 0))
    return [
        RatedBin(
            confidence=sum(confidence for confidence, _ in found) / len(found),
            liked=sum(is_liked for _, is_liked in found) / len(found),
            n_rated=len(found),
        )
        for _, found in sorted(by_bin.items())
    ]
