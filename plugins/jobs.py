"""``/jobs``: what was read from the web for the space lately."""

from __future__ import annotations

from core.commands import Command, Context, Registry
from core.markdown import Markdown
from core.types import ReadingReport

_N_READINGS = 10


async def jobs(context: Context) -> None:
    """Show what was read for this community lately, and what came of it."""
    lines = [_read(context, reading) for reading in await context.services.learning.readings(_N_READINGS)]
    heading = context.say("readings.heading") if lines else context.say("readings.none")
    await context.reply(Markdown("\n").join([heading, *lines]))


def _read(context: Context, reading: ReadingReport) -> Markdown:
    begun = f"{reading.started_at:%Y-%m-%d %H:%M}"
    if reading.error:
        return context.say("readings.failed", at=begun, theme=reading.theme)
    if reading.finished_at is None:
        return context.say("readings.open", at=begun, theme=reading.theme)
    n_left_out = sum(reading.reasons.values())
    values = {"n_pages": reading.n_pages, "n_kept": reading.n_kept, "n_left_out": n_left_out}
    return context.say("readings.line", at=begun, theme=reading.theme, **values)


def register(registry: Registry) -> None:
    """Add ``/jobs``."""
    registry.add(
        Command(
            name="jobs",
            description={"en": "What I read for this community lately", "pt": "O que li para esta comunidade"},
            handler=jobs,
            permission="moderator",
        )
    )
