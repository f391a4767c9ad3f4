"""``/teach``: learning messages that people posted, with their authors' consent; ``/consent``: giving it, or not."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput, UserError
from core.markdown import Markdown
from core.services.chat_teaching import TeachingOutcome
from core.types import Nearby, PostedMessage
from plugins.knowledge.index import AUDIENCE, audience_lines, indexed_line, note_indexed

_DECISIONS = {"yes": True, "sim": True, "no": False, "não": False, "nao": False}
_NEARBY: dict[str, Nearby] = {"pins": "pins", "fixadas": "pins", "thread": "thread", "fio": "thread"}


async def teach(context: Context) -> None:
    """Learn the message that was chosen or replied to, the pinned ones, or the thread; and files that came along."""
    typed = context.message.arguments.get("what", "").strip().lower()
    if typed and typed not in _NEARBY:
        raise BadInput("teach.unknown", what=typed)
    if not (typed or context.message.quoted or context.message.attachments):
        raise BadInput("teach.what")
    said = context.services.learning.said(context.message)
    if not typed:
        taught = await said.each(context.message.quoted)
    else:
        posts = await _nearby(context, _NEARBY[typed])
        taught = await (said.thread(posts) if _NEARBY[typed] == "thread" else said.each(posts))
    for each in taught:
        await context.note("teach", each.title)
    lines = [_line(context, each) for each in taught]
    for attachment in context.message.attachments:
        try:
            indexed = await context.services.documents.index_attachment(attachment)
            await note_indexed(context, indexed)
            lines.append(indexed_line(context, indexed))
        except UserError as error:
            lines.append(context.explain(error))
    shown = [*lines, *audience_lines(context)] if lines else [context.say("teach.nothing")]
    await context.reply(Markdown("\n").join(shown))


async def _nearby(context: Context, where: Nearby) -> tuple[PostedMessage, ...]:
    if context.message.nearby is None:
        raise BadInput("teach.not_here")
    await context.progress(context.say("teach.reading"))
    return await context.message.nearby(where)


def _line(context: Context, taught: TeachingOutcome) -> Markdown:
    return context.say(f"taught.{taught.outcome}", title=taught.title, **taught.values)


async def consent(context: Context) -> None:
    """Record whether the caller's own words may be learned here."""
    typed = context.message.arguments["decision"].strip().lower()
    if typed not in _DECISIONS:
        raise BadInput("consent.unknown", given=typed)
    is_given = _DECISIONS[typed]
    await context.services.learning.said(context.message).consent(is_given=is_given)
    await context.services.replies.learn_agreed()
    await context.reply(context.say("consent.given" if is_given else "consent.withheld"))


def register(registry: Registry) -> None:
    """Add ``/teach`` and ``/consent``."""
    registry.add(
        Command(
            name="teach",
            description={
                "en": "Teach me what was said: reply to a message, or pins, or thread",
                "pt": "Ensine-me o que foi dito: responda a uma mensagem, ou pins, ou thread",
            },
            handler=teach,
            parameters=(
                Parameter(
                    "what",
                    {
                        "en": "pins: the pinned messages here; thread: this solved thread",
                        "pt": "pins: as mensagens fixadas aqui; thread: este fio resolvido",
                    },
                    required=False,
                ),
                AUDIENCE,
            ),
            permission="teacher",
        )
    )
    registry.add(
        Command(
            name="consent",
            description={
                "en": "Whether I may learn what you say here, when a moderator wants me to",
                "pt": "Se posso aprender o que você diz aqui, quando a moderação quiser",
            },
            handler=consent,
            parameters=(Parameter("decision", {"en": "yes or no", "pt": "sim ou não"}),),
            quiet=True,
        )
    )
