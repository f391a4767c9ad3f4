"""How often answers were liked by how sure AION was of them: what a calibrated gate predicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from core.storage.database import Database
from core.storage.schema import answers, ratings
from core.types import SpaceId

N_BINS = 10


@dataclass(frozen=True, slots=True)
class RatedBin:
    """Rated answers of similar confidence: its mean, 0..1; the share of them liked more than disliked; their number."""

    confidence: float
    liked: float
    n_rated: int


async def reliability_bins(database: Database, space: SpaceId, since: datetime) -> Sequence[RatedBin]:
    """Return the bins of the answers rated since then, by confidence; empty ones are left out."""
    columns, given = answers.c, ratings.c
    net = func.sum(case((given.thumb == "up", 1), else_=-1)).label("net")
    rated = (
        select(columns.confidence, net)
        .join_from(ratings, answers, given.answer_id == columns.id)
        .where(columns.space_id == space, given.updated_at >= since)
        .group_by(columns.id)
    )
    by_bin: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for row in await database.rows(rated):
        by_bin[min(N_BINS - 1, int(row.confidence * N_BINS))].append((row.confidence, row.net > 0))
    return [
        RatedBin(
            confidence=sum(confidence for confidence, _ in found) / len(found),
            liked=sum(is_liked for _, is_liked in found) / len(found),
            n_rated=len(found),
        )
        for _, found in sorted(by_bin.items())
    ]
