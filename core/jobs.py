"""What AION does regularly, by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.curation.gaps import GapFinder
from core.quality import QualityLog
from core.scheduler import Job
from core.storage.inbox import Inbox
from core.storage.turns import Turns

DAY = timedelta(days=1)


def regular_jobs(inbox: Inbox, turns: Turns, quality: QualityLog, finder: GapFinder) -> tuple[Job, ...]:
    """Return the jobs, in the order they are started where several are due."""

    async def prune_inbox() -> str:
        return f"{await inbox.prune(datetime.now(UTC))} old messages are no longer remembered"

    async def prune_turns() -> str:
        return f"{await turns.prune(datetime.now(UTC))} old turns of conversations are forgotten"

    return (
        Job("prune-inbox", DAY, prune_inbox),
        Job("prune-turns", DAY, prune_turns),
        Job("keep-quality", DAY, quality.keep_yesterday),
        Job("gather-gaps", DAY, finder.gather),
        Job("research-gaps", DAY, finder.research),
    )
