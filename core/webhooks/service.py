"""The webhooks of one space, as its moderators see them (``core.services.WebhooksPort``)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from core.errors import BadInput
from core.services import NewWebhook, WebhookCard, WebhookState
from core.storage.delivery.webhook_outbox import body_of
from core.storage.delivery.webhooks import OutgoingWebhook, Webhooks
from core.texts import say
from core.types import EVENT_KINDS, EventKind, Language, SpaceId, is_private
from core.webhooks.client import WebhookClient

TEST = "webhook.test"
"""The type of the event that tests a webhook."""


@dataclass(frozen=True, slots=True)
class WebhookService:
    """Makes the ``SpaceWebhooks`` of any space."""

    webhooks: Webhooks
    client: WebhookClient
    now: Callable[[], datetime]

    def of(self, space: SpaceId, language: Language) -> SpaceWebhooks:
        """Return the webhooks of a space; ``language`` is that of their problems."""
        return SpaceWebhooks(space, self, language)


@dataclass(frozen=True, slots=True)
class SpaceWebhooks:
    """The webhooks of one space."""

    space: SpaceId
    _service: WebhookService
    _language: Language

    async def all(self) -> tuple[WebhookCard, ...]:
        """Return the webhooks, oldest first."""
        return tuple([card_of(each, self._language) for each in await self._service.webhooks.of(self.space)])

    async def add(self, url: str, events: Sequence[str]) -> NewWebhook:
        """Tell an address of these kinds of events from now on; of all of them, where none is named.

        Raises ``BadInput`` in a private chat, for an address that is not usable, an unknown kind, and too many.
        """
        if is_private(self.space):
            raise BadInput("webhook.private")
        usable, kinds = self._service.client.usable(url), _kinds(events)
        added = await self._service.webhooks.add(self.space, usable, kinds)
        return NewWebhook(card_of(added, self._language), added.secret)

    async def remove(self, number: int) -> WebhookCard:
        """Delete a webhook. Raises ``BadInput`` when there is none of that number."""
        return card_of(await self._service.webhooks.remove(self.space, number), self._language)

    async def test(self, number: int) -> str:
        """Deliver an event that tests a webhook; return its problem, or an empty string and switch it on again.

        Raises ``BadInput`` when there is none of that number.
        """
        webhook, now = await self._service.webhooks.get(self.space, number), self._service.now()
        body = body_of(TEST, now, {"number": webhook.id})
        message_id = f"msg_{secrets.token_hex(12)}"
        outcome = await self._service.client.post(webhook, message_id, body, int(now.timestamp()))
        if outcome.is_taken:
            await self._service.webhooks.succeeded(webhook, now)
        return _reason(outcome.problem, self._language)


def card_of(webhook: OutgoingWebhook, language: Language) -> WebhookCard:
    """Return what moderators see of a webhook: of its address, which may hold a key, the host alone."""
    is_off = webhook.off_at is not None
    state: WebhookState = "off" if is_off else "failing" if webhook.failing_since else "on"
    host = urlsplit(webhook.url).netloc.rpartition("@")[2]
    return WebhookCard(
        webhook.id,
        webhook.space,
        host,
        webhook.events,
        state,
        _reason(webhook.problem, language),
        webhook.n_waiting,
    )


def _reason(problem: str, language: Language) -> str:
    """Return why a delivery was not taken: a status of HTTP, or the reason that no request was made."""
    if not problem or problem.isdecimal():
        return problem and f"HTTP {problem}"
    return say(language, f"unreached.{problem.removeprefix('fetch.')}")


def _kinds(typed: Sequence[str]) -> tuple[EventKind, ...]:
    if unknown := [each for each in typed if each not in EVENT_KINDS]:
        raise BadInput("webhook.no_event", event=unknown[0][:50], events=", ".join(EVENT_KINDS))
    return tuple(kind for kind in EVENT_KINDS if kind in typed or not typed)
