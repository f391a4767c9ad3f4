"""``/gaps``: questions AION could not answer: list, research or dismiss them, and set the weekly page budget."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.markdown import Markdown
from core.services import Finding
from core.types import Button, Gap
from plugins.knowledge.learn import report

_SHOWN = 5
_N_EXAMPLES = 2


async def gaps(context: Context) -> None:
    """Show the first gaps, research or dismiss one, or set how many pages AION may read by itself in a week."""
    verb, _, rest = context.message.arguments.get("what", "").strip().lower().partition(" ")
    match verb:
        case "":
            await _show(context)
        case "learn":
            await _learn(context, _number(rest))
        case "dismiss":
            gap = await context.services.learning.gaps.dismiss(_number(rest))
            await context.note("dismiss", gap.question)
            await context.settle(context.say("gaps.dismissed", question=gap.question))
        case "auto":
            await context.services.learning.gaps.allow(_number(rest))
            await context.note("set", "research", rest)
            await context.reply(_allowance(context, await context.services.learning.gaps.allowed()))
        case _:
            raise BadInput("gaps.unknown_verb", verb=verb)


async def _show(context: Context) -> None:
    found = await context.services.learning.gaps.first(_SHOWN)
    allowance = _allowance(context, await context.services.learning.gaps.allowed())
    if not found:
        return await context.reply(Markdown("\n").join([context.say("gaps.none"), allowance]))
    lines = [context.say("gaps.heading"), *(_line(context, gap) for gap in found), allowance]
    buttons = [Button(context.label("gaps.learn", number=gap.id), "gaps", f"learn {gap.id}") for gap in found]
    await context.reply(Markdown("\n").join(lines), *buttons)


async def _learn(context: Context, number: int) -> None:
    async def tell(findings: tuple[Finding, ...]) -> None:
        await context.progress(report(context, findings))

    await context.note("research", f"#{number}")
    await context.progress(context.say("gaps.researching", number=number))
    await context.reply(report(context, await context.services.learning.gaps.research(number, tell)))


def _line(context: Context, gap: Gap) -> Markdown:
    line = context.say(
        "gaps.line", number=gap.id, question=gap.question, n_questions=gap.n_questions, n_people=gap.n_people
    )
    return Markdown("\n").join([line, *(f"   · {example}" for example in gap.examples[:_N_EXAMPLES])])


def _allowance(context: Context, n_pages: int) -> Markdown:
    return context.say("gaps.auto", n_pages=n_pages) if n_pages else context.say("gaps.not_auto")


def _number(typed: str) -> int:
    number = typed.strip().lstrip("#")
    if not number.isdecimal():
        raise BadInput("gaps.unknown", number=number)
    return min(int(number), 10**9)


def register(registry: Registry) -> None:
    """Add ``/gaps``."""
    registry.add(
        Command(
            name="gaps",
            description={"en": "What I could not answer here", "pt": "O que eu não soube responder aqui"},
            handler=gaps,
            parameters=(
                Parameter(
                    "what",
                    {
                        "en": "learn 3: look for pages; dismiss 3; auto 50: read 50 pages a week by myself",
                        "pt": "learn 3: procurar páginas; dismiss 3; auto 50: ler 50 páginas por semana sozinho",
                    },
                    required=False,
                ),
            ),
            permission="moderator",
        )
    )
