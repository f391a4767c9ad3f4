"""``/conflicts``: statements that contradict each other; ``/conflict``, ``/settle_conflict``: deciding which holds."""

from __future__ import annotations

import textwrap

from core.commands import Command, Context, Localised, Parameter, Registry
from core.markdown import Markdown
from core.services.conflicts import VERDICTS
from core.types import Button, Menu, MenuOption

_MAX_QUOTE_CHARS = 80


async def conflicts(context: Context) -> None:
    """List a page of the conflicts, with a menu to open one."""
    page = await context.services.conflicts.page(int(context.message.arguments.get("page") or 1))
    if not page.conflicts:
        return await context.reply(context.say("conflict.none"))
    pages = {"page": page.number, "n_pages": page.n_pages, "n": page.n_conflicts}
    lines = [context.say("conflict.heading", **pages)]
    lines += [
        context.say(
            f"conflict.line_{'open' if each.status == 'open' else 'decided'}",
            number=each.id,
            first=_short(each.first.quote),
            second=_short(each.second.quote),
            first_date=f"{each.first.said_at:%Y-%m-%d}",
            second_date=f"{each.second.said_at:%Y-%m-%d}",
        )
        for each in page.conflicts
    ]
    options = tuple(MenuOption(f"#{each.id} {_short(each.first.quote)}", str(each.id)) for each in page.conflicts)
    buttons = [
        Button(context.label(f"conflict.{name}"), "conflicts", str(number))
        for name, number in (("previous", page.number - 1), ("next", page.number + 1))
        if 1 <= number <= page.n_pages
    ]
    menu = Menu(context.label("conflict.which"), "conflict", options=options)
    await context.offer(Markdown("\n").join(lines), menu, *buttons)


async def conflict(context: Context) -> None:
    """Show one conflict with what can be decided."""
    card = await context.services.conflicts.card(int(context.message.arguments["number"]))
    await context.offer(card.text, None, *card.buttons)


async def settle_conflict(context: Context) -> None:
    """Decide a conflict, and offer to undo that; or undo it."""
    number, verdict = int(context.message.arguments["number"]), context.message.arguments["verdict"].strip().lower()
    decided = await context.services.conflicts.decide(number, verdict)
    action = "reopen" if decided.status == "open" else "settle"
    await context.note(action, f"#{number} {decided.first.quote}", decided.status)
    card = await context.services.conflicts.card(number)
    person = context.message.person.name
    await context.settle(context.say(f"conflict.settled_{decided.status}", number=number, person=person), *card.buttons)


def _short(text: str) -> str:
    return textwrap.shorten(" ".join(text.split()), _MAX_QUOTE_CHARS, placeholder="…")


def register(registry: Registry) -> None:
    """Add ``/conflicts``, ``/conflict`` and ``/settle_conflict``."""
    number = Parameter("number", {"en": "Its number", "pt": "O número"}, kind="number")
    registry.add(
        Command(
            name="conflicts",
            description={"en": "What I was told that contradicts itself", "pt": "O que me disseram e se contradiz"},
            handler=conflicts,
            parameters=(Parameter("page", {"en": "Which page", "pt": "Qual página"}, kind="number", required=False),),
            permission="moderator",
            private=True,
        )
    )
    registry.add(
        Command(
            name="conflict",
            description={"en": "One contradiction, to decide on", "pt": "Uma contradição, para decidir"},
            handler=conflict,
            parameters=(number,),
            permission="moderator",
            private=True,
            listed=False,
        )
    )
    verdicts: Localised = {
        "en": "first, second, both, unrelated, or open to undo it",
        "pt": "first, second, both (as duas), unrelated (não se contradizem) ou open (desfazer)",
    }
    registry.add(
        Command(
            name="settle_conflict",
            description={"en": "Say which holds", "pt": "Diga qual vale"},
            handler=settle_conflict,
            parameters=(number, Parameter("verdict", verdicts, kind="word", choices=(*VERDICTS, "open"))),
            permission="moderator",
            listed=False,
        )
    )
