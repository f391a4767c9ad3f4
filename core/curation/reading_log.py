"""Recording a web reading in ``core.storage.curation.reading_log``, whatever its outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable

from core.errors import UserError
from core.services import Finding
from core.storage.curation.reading_log import ReadingLog
from core.types import SpaceId

KEPT = ("learned", "proposed")
"""The outcomes of pages that were kept."""


async def log_reading(
    readings: ReadingLog, space: SpaceId, theme: str, person: str, reading: Awaitable[tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """Await a reading, record its findings and return them; an empty ``person`` means that nobody asked for it.

    Raises what the reading raises; a ``UserError`` is recorded.
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
