"""``/watch``: pages, feeds and themes that are read again and again."""

from __future__ import annotations

import re
from datetime import timedelta

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput, UserError
from core.markdown import Markdown
from core.services import Finding
from core.types import ChannelProgress, Watch, is_private
from plugins.knowledge.learn import is_address, report

_EVERY = re.compile(r"(?<=\S)\s+(?:every|(?:a\s*)?cada)\s+(?P<n>\d{1,4})\s*(?P<unit>[a-z]+)\Z", re.I)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "s": timedelta(weeks=1)}
"""Units of an interval by their first letter, in English and Portuguese (``s``: *semanas*, weeks)."""

DEFAULT_INTERVAL = timedelta(days=7)
_MIN_INTERVAL, _MAX_INTERVAL = timedelta(hours=1), timedelta(days=365)
_CHANNEL = ("channel", "canal")
_STOP = re.compile(r"(?:stop|parar)\s+#?(\d{1,18})", re.I)


def watch_request(typed: str) -> tuple[str, timedelta]:
    """Split ``WHAT every N UNIT`` into an address or theme and an interval, ``DEFAULT_INTERVAL`` where none is given.

    Raises ``BadInput`` for an interval below an hour or above a year.
    """
    asked = typed.strip()
    match = _EVERY.search(asked)
    if match is None:
        return asked, DEFAULT_INTERVAL
    unit = _UNITS.get(match["unit"][0].lower())
    every = unit * int(match["n"]) if unit else timedelta(0)
    if not _MIN_INTERVAL <= every <= _MAX_INTERVAL:
        raise BadInput("watch.interval", given=f"{match['n']} {match['unit']}")
    return asked[: match.start()], every


async def watch(context: Context) -> None:
    """Watch a page, a feed or a theme, list what is watched, or stop."""
    typed = context.message.arguments.get("what", "").strip()
    if not typed and not context.message.arguments.get("channel"):
        return await _list(context)
    if stop := _STOP.fullmatch(typed):
        stopped = await context.services.learning.watches.stop(int(stop[1]))
        await context.note("stop_watching", stopped.target)
        return await context.reply(context.say("watch.stopped", target=stopped.target))
    channel = context.message.arguments.get("channel", "")
    if channel or typed.lower() in _CHANNEL:
        return await _watch_channel(context, channel or context.message.conversation)
    what, every = watch_request(typed)
    watches = context.services.learning.watches
    made = await (watches.page(what, every) if is_address(what) else watches.theme(what, every))
    await context.note("watch", made.target)
    said = context.say("watch.made", number=made.id, target=made.target, every=_interval(context, made.every))
    await context.progress(said)

    async def tell(findings: tuple[Finding, ...]) -> None:
        await context.progress(Markdown("\n").join([said, report(context, findings)]))

    try:
        findings = await watches.check(made, tell)
    except UserError:
        if made.looked_at is None:  # what cannot be had at all is not worth another look
            await watches.stop(made.id)
        raise
    await context.reply(Markdown("\n").join([said, report(context, findings)]))


async def _watch_channel(context: Context, conversation: str) -> None:
    if is_private(context.message.space):
        raise BadInput("channels.private")
    made = await context.services.channels.watch(conversation)
    key = "channels.made_telegram" if context.message.platform == "telegram" else "channels.made_discord"
    await context.note("watch", conversation)
    said = context.say(key, number=made.id, channel=context.channel(conversation))
    await context.reply(said)


async def _list(context: Context) -> None:
    watched = await context.services.learning.watches.all()
    progress = await context.services.channels.progress()
    lines = [_line(context, each, progress.get(each.id)) for each in watched]
    heading = context.say("watch.heading") if lines else context.say("watch.none")
    await context.reply(Markdown("\n").join([heading, *lines]))


def _line(context: Context, each: Watch, read: ChannelProgress | None) -> Markdown:
    if each.kind == "channel":
        read = read or ChannelProgress(0, 0, 0)
        line = context.say(
            "channels.line",
            number=each.id,
            channel=context.channel(each.target),
            n_messages=read.n_messages,
            n_read=read.n_read,
            n_places=read.n_places,
        )
        return Markdown(" ").join([line, context.say(each.error, number=each.id)]) if each.error else line
    line = context.say("watch.line", number=each.id, target=each.target, every=_interval(context, each.every))
    return Markdown(" ").join([line, context.say("watch.failed")]) if each.error else line


def _interval(context: Context, every: timedelta) -> Markdown:
    if every % timedelta(days=1):
        return context.say("watch.hours", n=every // timedelta(hours=1))
    return context.say("watch.days", n=every.days)


def register(registry: Registry) -> None:
    """Add ``/watch``."""
    registry.add(
        Command(
            name="watch",
            description={
                "en": "Follow a page, a feed, a theme, or what is said in a channel",
                "pt": "Acompanhar uma página, um feed, um tema ou o que se diz num canal",
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
                Parameter(
                    "channel",
                    {
                        "en": "A channel, forum or thread to learn from; what: channel means this one",
                        "pt": "Um canal, fórum ou fio para aprender; what: canal é este",
                    },
                    "channel",
                    required=False,
                ),
            ),
            permission="moderator",
        )
    )
