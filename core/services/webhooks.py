"""Webhooks, as a space's moderators see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from core.types import SpaceId

WebhookState = Literal["on", "failing", "off"]
"""``failing``: the last delivery was not taken, and is tried again; ``off``: switched off after lasting failure."""


@dataclass(frozen=True, slots=True)
class WebhookCard:
    """A webhook. ``host``: where it is; ``events``: the kinds it is told of; ``n_waiting``: events not delivered yet.

    ``problem`` says why the last delivery was not taken; empty where it was.
    """

    id: int
    space: SpaceId
    host: str
    events: tuple[str, ...]
    state: WebhookState
    problem: str
    n_waiting: int


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook that was added, and the secret that signs its events: it is shown now, and never again."""

    card: WebhookCard
    secret: str = field(repr=False)


class WebhooksPort(Protocol):
    """The webhooks of a space. Bound to the space of the message."""

    async def all(self) -> tuple[WebhookCard, ...]:
        """Return the webhooks, oldest first."""
        ...

    async def add(self, url: str, events: Sequence[str]) -> NewWebhook:
        """Tell an address of these kinds of events from now on; of all of them, where none is named.

        Raises ``BadInput`` in a private chat, for an address that is not usable, an unknown kind, and too many.
        """
        ...

    async def remove(self, number: int) -> WebhookCard:
        """Delete a webhook. Raises ``BadInput`` when there is none of that number."""
        ...

    async def test(self, number: int) -> str:
        """Deliver an event that tests a webhook; return its problem, or an empty string and switch it on again.

        Raises ``BadInput`` when there is none of that number.
        """
        ...
