"""The webhooks of every space, and the events that wait for each, delivered in the order they happened."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select, update

from core.errors import BadInput
from core.storage.database import Database
from core.storage.delivery.webhook_outbox import post_events, post_everywhere
from core.storage.schema import webhook_messages, webhooks
from core.storage.spaces import ensure_space
from core.types import CommunityEvent, EventKind, SpaceId

SECRET_PREFIX = "whsec_"
"""What secrets of Standard Webhooks begin with; base64 of the key follows."""

_KEY_BYTES = 32

MAX_WEBHOOKS = 10
"""Webhooks of one space."""


@dataclass(frozen=True, slots=True)
class OutgoingWebhook:
    """An address told of a space's events. ``problem``: of the last failure, a status or a key of the catalogue.

    ``failing_since`` is ``None`` while the last delivery was taken, ``off_at`` unless it was switched off.
    """

    id: int
    space: SpaceId
    url: str
    secret: str = field(repr=False)
    events: tuple[str, ...]
    n_failures: int
    failing_since: datetime | None
    problem: str
    off_at: datetime | None
    n_waiting: int


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """An event that waits for one webhook. ``message_id`` is the same in every attempt."""

    id: int
    message_id: str
    body: str
    n_attempts: int


class Webhooks:
    """The webhooks of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, space: SpaceId, url: str, events: Sequence[EventKind]) -> OutgoingWebhook:
        """Store a webhook with a new secret. Raises ``BadInput`` where the space has ``MAX_WEBHOOKS``."""
        now = datetime.now(UTC)
        values = {
            "space_id": space,
            "url": url,
            "secret": SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode(),
            "events": " ".join(events),
            "created_at": now,
            "ready_at": now,
            "n_failures": 0,
            "problem": "",
        }
        counted = select(func.count()).select_from(webhooks).where(webhooks.c.space_id == space)
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if int((await connection.execute(counted)).scalar_one()) >= MAX_WEBHOOKS:
                raise BadInput("webhook.too_many", n=MAX_WEBHOOKS)
            added = insert(webhooks).values(values).returning(webhooks.c.id)
            number = (await connection.execute(added)).scalar_one()
            return _webhook((await connection.execute(_select(webhooks.c.id == number))).one())

    async def of(self, space: SpaceId) -> tuple[OutgoingWebhook, ...]:
        """Return the webhooks of a space, oldest first."""
        rows = await self._database.rows(_select(webhooks.c.space_id == space).order_by(webhooks.c.id))
        return tuple(map(_webhook, rows))

    async def all(self) -> tuple[OutgoingWebhook, ...]:
        """Return the webhooks of every space, oldest first. For the operator."""
        return tuple(map(_webhook, await self._database.rows(_select(webhooks.c.id > 0).order_by(webhooks.c.id))))

    async def get(self, space: SpaceId, number: int) -> OutgoingWebhook:
        """Return a webhook of a space. Raises ``BadInput`` when it has none of that number."""
        row = await self._database.row(_select(_is(space, number)))
        if row is None:
            raise BadInput("webhook.unknown", number=number)
        return _webhook(row)

    async def remove(self, space: SpaceId, number: int) -> OutgoingWebhook:
        """Delete a webhook with all that waits for it. Raises ``BadInput`` when there is none of that number."""
        found = await self.get(space, number)
        await self._database.write_all([delete(webhooks).where(_is(space, number))])
        return found

    async def post(self, space: SpaceId, *events: CommunityEvent) -> None:
        """Store events that no other row tells of."""
        async with self._database.write() as connection:
            await post_events(connection, space, events)

    async def post_everywhere(self, event: CommunityEvent) -> None:
        """Store an event that concerns all spaces."""
        async with self._database.write() as connection:
            await post_everywhere(connection, event)

    # --- for the sender ---------------------------------------------------------------------------

    async def claim(self, now: datetime, lasting: timedelta, limit: int) -> tuple[OutgoingWebhook, ...]:
        """Return webhooks that something waits for and may be tried, reserved for ``lasting``: nobody else has them."""
        waiting = select(webhook_messages.c.id).where(webhook_messages.c.webhook_id == webhooks.c.id).exists()
        is_due = (webhooks.c.ready_at <= now) & webhooks.c.off_at.is_(None) & waiting
        rows = await self._database.rows(_select(is_due).order_by(webhooks.c.ready_at).limit(limit))
        return tuple([_webhook(row) for row in rows if await self._reserve(row.id, now, now + lasting)])

    async def _reserve(self, number: int, now: datetime, until: datetime) -> bool:
        is_free = (webhooks.c.id == number) & (webhooks.c.ready_at <= now)
        async with self._database.write() as connection:
            taken = await connection.execute(update(webhooks).where(is_free).values(ready_at=until))
            return taken.rowcount == 1

    async def waiting(self, webhook: OutgoingWebhook, limit: int) -> tuple[WebhookMessage, ...]:
        """Return the oldest events that wait for a webhook."""
        ours = webhook_messages.c.webhook_id == webhook.id
        rows = await self._database.rows(
            select(webhook_messages).where(ours).order_by(webhook_messages.c.id).limit(limit)
        )
        return tuple(WebhookMessage(row.id, row.message_id, row.body, row.n_attempts) for row in rows)

    async def delivered(self, message: WebhookMessage) -> None:
        """Delete an event that was taken."""
        await self._database.write_all([delete(webhook_messages).where(webhook_messages.c.id == message.id)])

    async def attempted(self, message: WebhookMessage) -> None:
        """Count an attempt that failed."""
        this = webhook_messages.c.id == message.id
        await self._database.write_all([update(webhook_messages).where(this).values(n_attempts=message.n_attempts + 1)])

    async def failed(self, webhook: OutgoingWebhook, problem: str, now: datetime, again_at: datetime) -> None:
        """Store a failure of a webhook, which is tried again at ``again_at``."""
        values = {
            "n_failures": webhook.n_failures + 1,
            "failing_since": webhook.failing_since or now,
            "problem": problem[:100],
            "ready_at": again_at,
        }
        await self._database.write_all([update(webhooks).where(webhooks.c.id == webhook.id).values(values)])

    async def succeeded(self, webhook: OutgoingWebhook, now: datetime) -> None:
        """Store that a webhook takes deliveries: it may be tried at once, also one that was switched off."""
        values = {"n_failures": 0, "failing_since": None, "problem": "", "ready_at": now, "off_at": None}
        await self._database.write_all([update(webhooks).where(webhooks.c.id == webhook.id).values(values)])

    async def switch_off(self, webhook: OutgoingWebhook, now: datetime) -> None:
        """Tell a webhook nothing more, and drop what waits for it."""
        await self._database.write_all(
            [
                update(webhooks).where(webhooks.c.id == webhook.id).values(off_at=now),
                delete(webhook_messages).where(webhook_messages.c.webhook_id == webhook.id),
            ]
        )


def _is(space: SpaceId, number: int) -> ColumnElement[bool]:
    return (webhooks.c.space_id == space) & (webhooks.c.id == number)


def _select(condition: ColumnElement[bool]) -> Select[Any]:
    waiting = select(func.count()).where(webhook_messages.c.webhook_id == webhooks.c.id).scalar_subquery()
    return select(webhooks, waiting.label("n_waiting")).where(condition)


def _webhook(row: Row[Any]) -> OutgoingWebhook:
    return OutgoingWebhook(
        id=row.id,
        space=SpaceId(row.space_id),
        url=row.url,
        secret=row.secret,
        events=tuple(row.events.split()),
        n_failures=row.n_failures,
        failing_since=row.failing_since,
        problem=row.problem,
        off_at=row.off_at,
        n_waiting=int(row.n_waiting),
    )
