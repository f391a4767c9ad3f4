"""``/webhook``: addresses that are told of what happens here: list, add, remove or test one."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.markdown import Markdown
from core.services import WebhookCard

ACTIONS = ("add", "list", "remove", "test")


async def webhook(context: Context) -> None:
    """List the webhooks of the space; add, remove or test one."""
    action, which, events = (context.message.arguments.get(key, "").strip() for key in ("action", "which", "events"))
    match action.lower():
        case "" | "list":
            await _list(context)
        case "add":
            await _add(context, which, events.replace(",", " ").split())
        case "remove":
            removed = await context.services.webhooks.remove(_number(which))
            await context.reply(context.say("webhook.removed", number=removed.id, host=removed.host))
        case "test":
            await _test(context, _number(which))
        case _:
            raise BadInput("webhook.no_action", action=action)


async def _add(context: Context, url: str, events: list[str]) -> None:
    if not url:
        raise BadInput("webhook.no_url")
    added = await context.services.webhooks.add(url, events)
    values = {"number": added.card.id, "host": added.card.host, "events": ", ".join(added.card.events)}
    await context.reply(context.say("webhook.added", secret=added.secret, **values))


async def _test(context: Context, number: int) -> None:
    problem = await context.services.webhooks.test(number)
    if problem:
        await context.reply(context.say("webhook.test_failed", number=number, problem=problem))
    else:
        await context.reply(context.say("webhook.tested", number=number))


async def _list(context: Context) -> None:
    cards = await context.services.webhooks.all()
    if not cards:
        return await context.reply(context.say("webhook.none"))
    await context.reply(Markdown("\n").join(_line(context, card) for card in cards))


def _line(context: Context, card: WebhookCard) -> Markdown:
    state = context.say(f"hooked.{card.state}", problem=card.problem, n_waiting=card.n_waiting)
    values = {"number": card.id, "host": card.host, "events": ", ".join(card.events)}
    return context.say("webhook.line", state=state, **values)


def _number(typed: str) -> int:
    digits = typed.removeprefix("#")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        raise BadInput("webhook.unknown", number=typed)
    return int(digits)


def register(registry: Registry) -> None:
    """Add ``/webhook``."""
    registry.add(
        Command(
            name="webhook",
            description={
                "en": "Tell other programs what happens here: list, add, remove or test a webhook",
                "pt": "Avisar outros programas do que acontece aqui: listar, criar, remover ou testar um webhook",
            },
            handler=webhook,
            parameters=(
                Parameter(
                    "action",
                    {"en": "add, list, remove or test", "pt": "add, list, remove ou test"},
                    "word",
                    required=False,
                    choices=ACTIONS,
                ),
                Parameter(
                    "which",
                    {"en": "The address to add, or a webhook's number", "pt": "O endereço, ou o número do webhook"},
                    "word",
                    required=False,
                ),
                Parameter(
                    "events",
                    {"en": "Which events; all without", "pt": "Quais eventos; todos se vazio"},
                    required=False,
                ),
            ),
            permission="moderator",
            private=True,
        )
    )
