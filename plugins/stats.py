"""``/stats``: how the community asks and is answered, in figures and a picture."""

from __future__ import annotations

from core.commands import Command, Context, Registry
from core.markdown import Markdown


async def stats(context: Context) -> None:
    """Show the figures of the last four weeks; without a question in them, say so."""
    read = await context.services.stats.read()
    total = read.total
    if not total.n_questions:
        return await context.reply(context.say("stats.nothing"))
    lines = (
        context.say("stats.heading", n_days=len(read.days)),
        context.say("stats.asked", n=total.n_questions, n_people=read.n_people),
        context.say(
            "stats.outcomes", n_answered=total.n_answered, n_closest=total.n_closest, n_declined=total.n_declined
        ),
        context.say("stats.thumbs", n_up=total.n_up, n_down=total.n_down),
    )
    await context.progress(context.say("stats.drawing"))
    await context.show(Markdown("\n").join(lines), await context.services.stats.draw(read))


def register(registry: Registry) -> None:
    """Add ``/stats``."""
    registry.add(
        Command(
            name="stats",
            description={
                "en": "What was asked here and how I answered, as a picture",
                "pt": "O que se perguntou aqui e como respondi, em imagem",
            },
            handler=stats,
        )
    )
