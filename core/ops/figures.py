"""Figures of the state a running AION is in, over all spaces: what is queued, stored, left of quotas, and how old.

Nothing in them names a space, a person, a document or a key.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from core.backup.schedule import BackupSchedule
from core.evaluation.online import AnswerQuality
from core.offload import offload
from core.ops.quality_log import QualityLog
from core.services import ProvidersPort, ProviderStatus
from core.storage.database import FILE
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.embeddings.vectors import Vectors
from core.storage.job_runs import JobRun, JobRuns

QUALITY_EVERY_S = 300.0
"""How old the figures of quality may be: they read a month of answers."""


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """Means over every space's rated answers of the last 30 days, 0..1; ``None`` while nothing is rated."""

    ndcg: float | None
    mrr: float | None
    n_rated: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One reading. Sizes are in bytes.

    ``backup_age`` is ``None`` where none are scheduled; without one, it counts from the start of the process.
    """

    n_open_messages: int
    n_documents: int
    n_passages: int
    n_database_bytes: int
    n_index_bytes: int
    n_free_bytes: int
    providers: Sequence[ProviderStatus]
    jobs: Mapping[str, JobRun]
    backup_age: timedelta | None
    quality: QualityFigures


class FiguresSource(Protocol):
    """Reads figures."""

    async def read(self) -> Figures:
        """Return the figures as they are now."""
        ...


@dataclass(slots=True)
class FiguresReader:
    """Reads the figures of one data folder."""

    data_dir: Path
    inbox: Inbox
    documents: Documents
    vectors: Vectors
    runs: JobRuns
    providers: ProvidersPort
    quality: QualityLog
    backups: BackupSchedule
    clock: Callable[[], float] = time.monotonic
    _quality: QualityFigures | None = None
    _read_at_s: float = 0.0

    async def read(self) -> Figures:
        """Return the figures as they are now; those of quality may be ``QUALITY_EVERY_S`` old."""
        sizes = await self.documents.sizes()
        n_database, n_index, n_free = await offload(_sizes, self.data_dir)
        return Figures(
            n_open_messages=await self.inbox.count_open(),
            n_documents=sum(n for n, _ in sizes.values()),
            n_passages=await self.vectors.count(),
            n_database_bytes=n_database,
            n_index_bytes=n_index,
            n_free_bytes=n_free,
            providers=await self.providers.status(),
            jobs=await self.runs.latest(),
            backup_age=self._backup_age(self.backups.now()),
            quality=await self._quality_figures(),
        )

    def _backup_age(self, now: datetime) -> timedelta | None:
        if not self.backups.policy.every:
            return None
        return now - (self.backups.latest or self.backups.started_at)

    async def _quality_figures(self) -> QualityFigures:
        if self._quality is None or self.clock() - self._read_at_s >= QUALITY_EVERY_S:
            self._read_at_s = self.clock()
            spaces = await self.quality.impressions.spaces()
            self._quality = mean_quality([await self.quality.snapshot(space) for space in spaces])
        return self._quality


def mean_quality(of_spaces: Sequence[AnswerQuality]) -> QualityFigures:
    """Return the means over all rated answers, each counting once."""
    rated = [(each.n_rated, each.ndcg, each.mrr) for each in of_spaces if each.ndcg is not None]
    n_rated = sum(n for n, _, _ in rated)
    if not n_rated:
        return QualityFigures(None, None, 0)
    ndcg = sum(n * (value or 0.0) for n, value, _ in rated) / n_rated
    return QualityFigures(ndcg, sum(n * (value or 0.0) for n, _, value in rated) / n_rated, n_rated)


def _sizes(data_dir: Path) -> tuple[int, int, int]:
    database = sum(path.stat().st_size for path in data_dir.glob(f"{FILE}*"))
    index = sum(path.stat().st_size for path in (data_dir / "indexes").rglob("*") if path.is_file())
    return database, index, shutil.disk_usage(data_dir).free
