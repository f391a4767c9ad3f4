"""Writing events for webhooks inside the transaction of what happened: both are stored, or neither."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.schema import webhook_messages, webhooks
from core.types import CommunityEvent, SpaceId

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Events that wait for one webhook; further ones are dropped."""


async def post_events(connection: AsyncConnection, space: SpaceId, events: Sequence[CommunityEvent]) -> None:
    """Store the events of a space for each of its webhooks that wants them."""
    await _post(connection, webhooks.c.space_id == space, events)


async def post_everywhere(connection: AsyncConnection, event: CommunityEvent) -> None:
    """Store an event that concerns all spaces for every webhook that wants it."""
    await _post(connection, webhooks.c.id.is_not(None), [event])


async def _post(connection: AsyncConnection, whose: ColumnElement[bool], events: Sequence[CommunityEvent]) -> None:
    waiting = select(func.count()).where(webhook_messages.c.webhook_id == webhooks.c.id).scalar_subquery()
    listening = select(webhooks.c.id, webhooks.c.events, waiting.label("n_waiting")).where(whose)
    held = listening.where(webhooks.c.off_at.is_(None)).with_for_update(read=True, key_share=True, of=webhooks)
    rows = (await connection.execute(held)).all()
    if not rows:
        return
    now = datetime.now(UTC)
    values = []
    for event in events:
        message_id, body = f"msg_{secrets.token_hex(12)}", body_of(event.kind, now, event.data)
        values += [
            {
                "webhook_id": row.id,
                "answer_id": event.answer_id,
                "message_id": message_id,
                "body": body,
                "n_attempts": 0,
            }
            for row in rows
            if event.kind in row.events.split() and row.n_waiting < MAX_WAITING
        ]
    if any(row.n_waiting >= MAX_WAITING for row in rows):
        log.warning("a webhook is too far behind: events for it are dropped")
    if values:
        await connection.execute(insert(webhook_messages), values)


def body_of(kind: str, at: datetime, data: Mapping[str, str | int | float | None]) -> str:
    """Return the JSON of an event, with the fields of Standard Webhooks (``type``, ``timestamp``, ``data``)."""
    return json.dumps({"type": kind, "timestamp": at.isoformat(), "data": dict(data)}, ensure_ascii=False)
