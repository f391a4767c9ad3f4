"""``/watch``: what is looked at again and again; ``/jobs``: what was read for this community lately."""

from __future__ import annotations

import re
from datetime import timedelta

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput, UserError
from core.services import Finding
from core.types import ReadingReport, Watch
from plugins.learn import is_address, report

_EVERY = re.compile(r"(?P<what>.+?)\s+(?:every|a?\s*cada)\s+(?P<n>\d{1,4})\s*(?P<unit>[a-z]+)", re.I | re.DOTALL)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "s": timedelta(weeks=1)}
"""By the first letter, in English and Portuguese (``s`` is for *semanas*)."""

USUALLY = timedelta(days=7)
_LEAST, _MOST = timedelta(hours=1), timedelta(days=365)
_STOP = re.compile(r"(?:stop|parar)\s+#?(\d{1,18})", re.I)
_N_READINGS = 10


def asked(typed: str) -> tuple[str, timedelta]:
    """Return what is to be watched and how often. Raises ``BadInput`` when that is too often or too seldom."""
    match = _EVERY.fullmatch(typed.strip())
    if match is None:
        return typed.strip(), USUALLY
    unit = _UNITS.get(match["unit"][0].lower())
    every = unit * int(match["n"]) if unit else timedelta(0)
    if not _LEAST <= every <= _MOST:
        raise BadInput("watch.interval", given=f"{match['n']} {match['unit']}")
    return match["what"].strip(), every


async def watch(context: Context) -> None:
    """Watch a page, a feed or a theme, list what is watched, or stop."""
    typed = context.message.arguments.get("what", "").strip()
    if not typed:
        return await _list(context)
    if stop := _STOP.fullmatch(typed):
        stopped = await context.services.learning.watches.stop(int(stop[1]))
        return await context.reply(context.say("watch.stopped", target=stopped.target))
    what, every = asked(typed)
    watches = context.services.learning.watches
    made = await (watches.page(what, every) if is_address(what) else watches.theme(what, every))
    said = context.say("watch.made", number=made.id, target=made.target, every=_often(context, made.every))
    await context.progress(said)

    async def tell(findings: tuple[Finding, ...]) -> None:
        await context.progress(f"{said}\n{report(context, findings)}")

    try:
        findings = await watches.look(made, tell)
    except UserError:
        if made.looked_at is None:  # what cannot be had at all is not worth another look
            await watches.stop(made.id)
        raise
    await context.reply(f"{said}\n{report(context, findings)}")


async def _list(context: Context) -> None:
    watched = await context.services.learning.watches.all()
    lines = [_line(context, each) for each in watched]
    await context.reply("\n".join([context.say("watch.heading"), *lines]) if lines else context.say("watch.none"))


def _line(context: Context, each: Watch) -> str:
    line = context.say("watch.line", number=each.id, target=each.target, every=_often(context, each.every))
    return f"{line} {context.say('watch.failed')}" if each.error else line


def _often(context: Context, every: timedelta) -> str:
    if every % timedelta(days=1):
        return context.say("watch.hours", n=every // timedelta(hours=1))
    return context.say("watch.days", n=every.days)


async def jobs(context: Context) -> None:
    """Show what was read for this community lately, and what came of it."""
    lines = [_read(context, reading) for reading in await context.services.learning.readings(_N_READINGS)]
    heading = context.say("readings.heading") if lines else context.say("readings.none")
    await context.reply("\n".join([heading, *lines]))


def _read(context: Context, reading: ReadingReport) -> str:
    begun = f"{reading.started_at:%Y-%m-%d %H:%M}"
    if reading.error:
        return context.say("readings.failed", at=begun, theme=reading.theme)
    if reading.finished_at is None:
        return context.say("readings.open", at=begun, theme=reading.theme)
    n_left_out = sum(reading.reasons.values())
    values = {"n_pages": reading.n_pages, "n_kept": reading.n_kept, "n_left_out": n_left_out}
    return context.say("readings.line", at=begun, theme=reading.theme, **values)


def register(registry: Registry) -> None:
    """Add ``/watch`` and ``/jobs``."""
    registry.add(
        Command(
            name="watch",
            description={
                "en": "Look at a page, a feed or a theme again and again",
                "pt": "Acompanhar uma página, um feed ou um tema",
            },
            handler=watch,
            parameters=(
                Parameter(
                    "what",
                    {
                        "en": "An address or a theme, and how often: … every 7d; stop 3; nothing lists them",
                        "pt": "Um endereço ou um tema, e a frequência: … a cada 7d; parar 3; vazio lista tudo",
                    },
                    required=False,
                ),
            ),
            permission="moderator",
        )
    )
    registry.add(
        Command(
            name="jobs",
            description={"en": "What I read for this community lately", "pt": "O que li para esta comunidade"},
            handler=jobs,
            permission="moderator",
        )
    )
