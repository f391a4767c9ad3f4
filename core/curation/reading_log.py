"""Every reading is recorded: for whom, how many pages, how many were kept, and why the others were left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable

from core.errors import UserError
from core.services import Finding
from core.storage.curation.reading_log import ReadingLog
from core.types import SpaceId

KEPT = ("learned", "proposed")


async def recorded(
    readings: ReadingLog, space: SpaceId, theme: str, person: str, reading: Awaitable[tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """Return what a reading found, and record it; one without a ``person`` is AION's own decision.

    Raises what the reading raises; a ``UserError`` is recorded too.
    """
    number = await readings.start(space, theme, is_unasked=not person)
    try:
        findings = await reading
    except UserError as error:
        await readings.finish(number, 0, 0, {}, error.key)
        raise
    reasons = Counter(finding.reason for finding in findings if finding.reason)
    n_kept = sum(finding.outcome in KEPT for finding in findings)
    await readings.finish(number, len(findings), n_kept, reasons)
    return findings
