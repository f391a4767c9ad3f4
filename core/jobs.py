"""What AION does regularly, by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from core.curation.gaps import GapFinder
from core.quality import QualityLog
from core.scheduler import Job
from core.storage.inbox import Inbox
from core.storage.turns import Turns

DAY = timedelta(days=1)

EVERY: Mapping[str, timedelta] = {
    "prune-inbox": DAY,
    "prune-turns": DAY,
    "keep-quality": DAY,
    "gather-gaps": DAY,
    "research-gaps": DAY,
}
"""How often each job runs, in the order they are started where several are due."""


def regular_jobs(inbox: Inbox, turns: Turns, quality: QualityLog, finder: GapFinder) -> tuple[Job, ...]:
    """Return the jobs."""

    async def prune_inbox() -> str:
        return f"{await inbox.prune(datetime.now(UTC))} old messages are no longer remembered"

    async def prune_turns() -> str:
        return f"{await turns.prune(datetime.now(UTC))} old turns of conversations are forgotten"

    work = {
        "prune-inbox": prune_inbox,
        "prune-turns": prune_turns,
        "keep-quality": quality.keep_yesterday,
        "gather-gaps": finder.gather,
        "research-gaps": finder.research,
    }
    return tuple(Job(name, every, work[name]) for name, every in EVERY.items())
