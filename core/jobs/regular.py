"""The recurring jobs and their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from core.backup.schedule import BackupSchedule
from core.conflicts.search import ConflictSearch
from core.curation.gaps import GapFinder
from core.curation.watch import Watcher
from core.jobs.scheduler import Job
from core.listening.channel_watch import ChannelWatch
from core.ops.digest import WeeklyDigest
from core.ops.quality_log import QualityLog
from core.privacy.retention import Retention
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.delivery.rate_buckets import RateBuckets
from core.storage.job_runs import JobRuns
from core.storage.turns import Turns
from core.training.auto_promotion import AutoPromotion

DAY = timedelta(days=1)

RUNS_KEPT = timedelta(days=30)
"""Runs of jobs older than this are deleted."""

EVERY: Mapping[str, timedelta] = {
    "prune-inbox": DAY,
    "prune-turns": DAY,
    "keep-quality": DAY,
    "gather-gaps": DAY,
    "research-gaps": DAY,
    "watch": timedelta(minutes=10),
    "compare": timedelta(minutes=10),
    "prune-runs": DAY,
    "prune-limits": DAY,
    "prune-answers": DAY,
    "watch-trial": timedelta(minutes=5),
    "train": timedelta(hours=1),
    "backup": timedelta(minutes=15),
    "digest": timedelta(hours=1),
    "channels": timedelta(minutes=10),
    "tend-vectors": timedelta(minutes=30),
}
"""How often each job runs, in the order they are started where several are due."""


def regular_jobs(
    inbox: Inbox,
    turns: Turns,
    quality: QualityLog,
    finder: GapFinder,
    watcher: Watcher,
    runs: JobRuns,
    promotion: AutoPromotion,
    retention: Retention,
    backups: BackupSchedule,
    channels: ChannelWatch,
    digest: WeeklyDigest,
    comparison: ConflictSearch,
    database: Database,
    buckets: RateBuckets,
) -> tuple[Job, ...]:
    """Return the jobs over these parts, each with its interval in ``EVERY``."""

    async def prune_inbox() -> str:
        return f"{await inbox.prune(datetime.now(UTC))} old messages are no longer remembered"

    async def prune_turns() -> str:
        return f"{await turns.prune(datetime.now(UTC))} old turns of conversations are forgotten"

    async def prune_runs() -> str:
        return f"{await runs.prune(datetime.now(UTC) - RUNS_KEPT)} old runs of jobs are forgotten"

    async def prune_limits() -> str:
        return f"{await buckets.prune()} limits that nobody is near are forgotten"

    async def tend_vectors() -> str:
        return f"{await database.tend_vectors()} graphs of vectors were built or dropped"

    work = {
        "prune-inbox": prune_inbox,
        "prune-turns": prune_turns,
        "keep-quality": quality.keep_yesterday,
        "gather-gaps": finder.gather,
        "research-gaps": finder.research,
        "watch": watcher.check_due,
        "compare": comparison.search_new,
        "prune-runs": prune_runs,
        "prune-limits": prune_limits,
        "prune-answers": retention.prune,
        "watch-trial": promotion.watch_trial,
        "train": promotion.train_when_due,
        "backup": backups.make_when_due,
        "digest": digest.send_due,
        "channels": channels.settle_all,
        "tend-vectors": tend_vectors,
    }
    return tuple(Job(name, every, work[name]) for name, every in EVERY.items())
