"""``aion webhooks``: the webhooks of every space. Works while AION runs, which delivers the events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import print_line, print_sentence
from core.curation.guarded_http import GuardedHttp
from core.settings import read_settings
from core.storage.delivery.webhooks import Webhooks
from core.texts import say
from core.types import SpaceId
from core.webhooks.client import WebhookClient
from core.webhooks.service import WebhookService, card_of


@asynccontextmanager
async def _open_service() -> AsyncIterator[WebhookService]:
    client = WebhookClient(GuardedHttp(read_settings().fetch_allowed_hosts))
    async with open_data_folder() as folder:
        yield WebhookService(Webhooks(folder.database), client, lambda: datetime.now(UTC))


async def print_webhooks() -> None:
    """Print every webhook with its space, events and state."""
    language = terminal_language()
    async with _open_service() as service:
        cards = [card_of(each, language) for each in await service.webhooks.all()]
    for card in cards:
        state = say(language, f"hooked.{card.state}", problem=card.problem, n_waiting=card.n_waiting)
        values = {"number": card.id, "space": card.space, "host": card.host, "events": ", ".join(card.events)}
        print_sentence("webhook.line_of", state=state, **values)
    if not cards:
        print_sentence("webhook.none")


async def add_webhook(space: str, url: str, events: Sequence[str]) -> None:
    """Add a webhook of ``space`` and print its secret. Raises ``BadInput`` for what cannot be one."""
    async with _open_service() as service:
        added = await service.of(SpaceId(space), terminal_language()).add(url, events)
    card = added.card
    print_sentence("webhook.added_in", number=card.id, space=space, host=card.host, events=", ".join(card.events))
    print_line(added.secret)


async def remove_webhook(space: str, number: int) -> None:
    """Remove the webhook ``number`` of ``space``. Raises ``BadInput`` when there is none."""
    async with _open_service() as service:
        removed = await service.of(SpaceId(space), terminal_language()).remove(number)
    print_sentence("webhook.removed", number=removed.id, host=removed.host)
