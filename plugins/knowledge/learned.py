"""``/learned``: the LoRA version that answers, and how answers that were disliked came out when asked again."""

from __future__ import annotations

from core.commands import Command, Context, Registry
from core.markdown import Markdown


async def learned(context: Context) -> None:
    """Reply with the version, its share of the answers, the counts of the retest, and of replies that were learned."""
    n_solved = await context.services.replies.n_learned()
    solved = [context.say("learned.solved", n=n_solved)] if n_solved else []
    told = await context.services.answers.learned()
    if told is None:
        return await context.reply(Markdown("\n").join([context.say("learned.nothing"), *solved]))
    lines = [context.say("learned.version", version=told.version, share=f"{told.share:.0%}")]
    if n := told.n_right + told.n_same + told.n_unsure:
        counts = {"n_right": told.n_right, "n_same": told.n_same, "n_unsure": told.n_unsure}
        lines.append(context.say("learned.retested", n=n, **counts))
    await context.reply(Markdown("\n").join([*lines, *solved]))


def register(registry: Registry) -> None:
    """Add ``/learned``."""
    registry.add(
        Command(
            name="learned",
            description={"en": "What your thumbs changed", "pt": "O que os seus votos mudaram"},
            handler=learned,
        )
    )
