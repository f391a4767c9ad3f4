"""``/summary``: what happened in this channel since an hour ago, today, a date, or one's last message."""

from __future__ import annotations

from itertools import groupby

from core.commands import Command, Context, Parameter, Registry
from core.markdown import Markdown
from core.services import SummaryPoint


async def summary(context: Context) -> None:
    """Sum the channel up, part by part, each point with links to its messages."""
    found = await context.services.summary.read(context.message.arguments.get("since", ""))
    values = {"n_messages": found.n_messages, "n_people": found.n_people, "since": f"{found.since:%Y-%m-%d %H:%M} UTC"}
    lines = [context.say("summary.heading", **values)]
    if found.is_cut:
        lines.append(context.say("summary.cut", n_messages=found.n_messages))
    if not found.points:
        lines.append(context.say("summary.small_talk"))
    for part, points in groupby(found.points, key=lambda point: point.part):
        lines.append(context.say(f"happened.{part}"))
        lines += [_line(context, point) for point in points]
    await context.reply(Markdown("\n").join(lines))


def _line(context: Context, point: SummaryPoint) -> Markdown:
    links = Markdown(" ").join(Markdown(f"<{url}>") for url in point.urls)
    match point.part:
        case "answered":
            return context.say("summary.answered", question=point.text, reply=point.reply, links=links)
        case "discussed":
            return context.say("summary.discussed", text=point.text, n=point.n, links=links)
        case _:
            return context.say("summary.line", text=point.text, links=links)


def register(registry: Registry) -> None:
    """Add ``/summary``."""
    registry.add(
        Command(
            name="summary",
            description={"en": "What happened in this channel", "pt": "O que aconteceu neste canal"},
            handler=summary,
            parameters=(
                Parameter(
                    "since",
                    {
                        "en": "hour, today, 3d, 2026-01-31, or your last message (the default)",
                        "pt": "hora, hoje, 3d, 2026-01-31, ou a sua última mensagem (o padrão)",
                    },
                    required=False,
                ),
            ),
            quiet=True,
        )
    )
