"""The inbox: what has been taken on, and how far it has come, so that neither a redelivery nor a crash is noticed.

    accept ──▶ accepted ──answer──▶ answered ──close──▶ closed        claim ──▶ closed
        ▲         └──────────────── close ────────────────┘ │
        └──────────────────────── revise ───────────────────┘

A message is kept, with what it says and where to reply, until it is closed; then only its key remains. Nothing but
its being edited leads back, so what is told late or twice changes nothing. Whoever is deaf to the database still
answers: a fault there is logged, and costs durability alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Update, and_, delete, exists, func, insert, literal, select, update
from sqlalchemy.exc import DBAPIError

from core.storage.answers import showing
from core.storage.database import Database
from core.storage.group_commit import GroupCommit
from core.storage.message_json import message_as_json, message_of, parts_as_json, parts_of, reply_as_json, reply_of
from core.storage.schema import inbox
from core.types import Message, Platform, Reply, SpaceId
from core.types.delivery import DeliveredPart, UnfinishedMessage

log = logging.getLogger(__name__)

KEEP = timedelta(days=30)
"""Longer than any platform redelivers."""

FRESH = timedelta(minutes=30)
"""How late an answer is still worth having: what is overdue by more is closed unanswered."""

PATIENCE = timedelta(days=1)
"""How long a platform may go on refusing a reply before it is given up."""


class Inbox:
    """Takes messages on, each once for ever (as far as ``KEEP`` goes), and keeps them until they are closed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writes = GroupCommit(database)
        self._news: defaultdict[Platform, asyncio.Event] = defaultdict(asyncio.Event)

    async def accept(self, message: Message) -> bool:
        """Take a message on: once this returns, it is answered whatever happens. ``False``: it was taken on before."""
        now = datetime.now(UTC)
        try:
            return await self._add(
                message.space,
                message.key,
                seen_at=now,
                state="accepted",
                platform=message.platform,
                due_at=now,
                message=message_as_json(message),
                n_runs=1,
            )
        except DBAPIError:
            log.exception("%s could not be taken on, and is lost if AION stops now", message.key)
            return True

    async def revise(self, message: Message, parts: Sequence[DeliveredPart]) -> None:
        """Take a message on once more, as it was edited; ``parts`` are shown of the reply to what it said before."""
        anew = {"state": "accepted", "due_at": datetime.now(UTC), "reply": None, "n_runs": 1}
        kept = {"message": message_as_json(message), "parts": parts_as_json(parts)}
        await self._execute(update(inbox).where(_is(message.space, message.key)).values(anew | kept))

    async def claim(self, space: SpaceId, key: str) -> bool:
        """Return whether this is the first time that ``key`` of ``space`` is seen; nothing is kept of it."""
        return await self._add(space, key, seen_at=datetime.now(UTC), state="closed")

    async def post(self, message: Message, reply: Reply) -> bool:
        """Take on a reply that nobody asked for, to be delivered where ``message`` says; ``False``: it was before."""
        now = datetime.now(UTC)
        is_new = await self._add(
            message.space,
            message.key,
            seen_at=now,
            state="answered",
            platform=message.platform,
            due_at=now,
            message=message_as_json(message),
            reply=reply_as_json(reply),
        )
        self._news[message.platform].set()
        return is_new

    def news(self, platform: Platform) -> asyncio.Event:
        """Return what is set as soon as a reply that nobody asked for is to be delivered there."""
        return self._news[platform]

    async def rerun(self, message: Message) -> None:
        """Note that an accepted message is worked on once more."""
        await self._change(message, _unanswered, n_runs=inbox.c.n_runs + 1)

    async def answer(self, message: Message, reply: Reply) -> None:
        """Keep the reply to an accepted message until it is delivered."""
        await self._change(message, _unanswered, state="answered", reply=reply_as_json(reply))

    async def postpone(self, message: Message, delay: timedelta) -> None:
        """Leave what is still to be done for later."""
        await self._change(message, _open, due_at=datetime.now(UTC) + delay)

    async def close(self, message: Message) -> None:
        """Note that there is nothing left to do about a message, and forget what it said."""
        await self._change(message, _open, **_CLOSED)

    def journal(self, message: Message, parts: Sequence[DeliveredPart] = ()) -> InboxJournal:
        """Return the journal of the reply to an accepted message, of which ``parts`` were shown before."""
        return InboxJournal(self, message, parts)

    async def note(self, message: Message, parts: Sequence[DeliveredPart]) -> None:
        """Keep what has been shown of a message's reply."""
        await self._change(message, _open, parts=parts_as_json(parts))

    async def note_shown(self, message: Message, answer_id: int, handle: str) -> None:
        """Keep by which message of its platform the answer to ``message`` is shown."""
        await self._execute(showing(message.space, answer_id, f"{message.platform}:{handle}"))

    async def unfinished(self, platform: Platform) -> Sequence[UnfinishedMessage]:
        """Return what was taken on there and is due, oldest first; what came too late is closed instead."""
        now = datetime.now(UTC)
        due = and_(inbox.c.platform == platform, inbox.c.due_at <= now)
        rows = await self._database.rows(select(inbox).where(due).order_by(inbox.c.seen_at))
        late = [row for row in rows if _is_late(row, now)]
        for row in late:
            await self._give_up(row)
        return [_unfinished(row) for row in rows if row not in late]

    async def count_open(self) -> int:
        """Return how many messages of all spaces are taken on and not closed, for the operator."""
        row = await self._database.row(select(func.count()).where(_open))
        return int(row[0]) if row else 0

    async def forget(self, person_id: str, *, but: str) -> None:
        """Close what a person said that is still open, except for the message of the key ``but``."""
        rows = await self._database.rows(select(inbox.c.space_id, inbox.c.key, inbox.c.message).where(_open))
        for row in rows:
            if row.message is not None and row.message["person"]["id"] == person_id and row.key != but:
                await self._execute(update(inbox).where(_is(row.space_id, row.key)).values(_CLOSED))

    async def prune(self, now: datetime) -> int:
        """Forget messages seen longer than ``KEEP`` before ``now``, and return how many."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(inbox).where(inbox.c.seen_at < now - KEEP))
        return done.rowcount

    async def _give_up(self, row: Row[Any]) -> None:
        log.warning("%s was %s, and is given up: nothing could be done about it in time", row.key, row.state)
        await self._execute(update(inbox).where(_is(row.space_id, row.key)).values(_CLOSED))

    async def _add(self, space: SpaceId, key: str, /, **values: object) -> bool:
        row = {"space_id": space, "key": key} | values
        new = select(*(literal(value, inbox.c[name].type) for name, value in row.items()))
        unseen = new.where(~exists().where(_is(space, key)))
        return await self._writes.run(insert(inbox).from_select(list(row), unseen)) == 1

    async def _change(self, message: Message, condition: ColumnElement[bool], /, **values: object) -> None:
        if message.address:  # what cannot be replied to by another process was never taken on
            await self._execute(update(inbox).where(_is(message.space, message.key), condition).values(values))

    async def _execute(self, statement: Update) -> None:
        try:
            await self._writes.run(statement)
        except DBAPIError:
            log.exception("the inbox could not be written; after a restart something may be done again")


class InboxJournal:
    """What has been shown of one reply (``core.ports.Journal``)."""

    def __init__(self, inbox: Inbox, message: Message, parts: Sequence[DeliveredPart]) -> None:
        self._inbox = inbox
        self._message = message
        self._parts = list(parts)

    @property
    def parts(self) -> Sequence[DeliveredPart]:
        """Return the parts noted so far."""
        return tuple(self._parts)

    async def note(self, position: int, part: DeliveredPart | None) -> None:
        """Keep the part at ``position``; ``None`` takes an attempt back that surely came to nothing."""
        self._parts[position : position + 1 if part else None] = [part] if part else []
        await self._inbox.note(self._message, self._parts)

    async def shown(self, answer_id: int, handle: str) -> None:
        """Keep which message shows an answer, for as long as the answer is kept."""
        await self._inbox.note_shown(self._message, answer_id, handle)


_CLOSED: dict[str, object] = {"state": "closed", "due_at": None, "message": None, "reply": None, "parts": None}
_open = inbox.c.state.in_(("accepted", "answered"))
_unanswered = inbox.c.state == "accepted"


def _is(space: SpaceId, key: str) -> ColumnElement[bool]:
    return and_(inbox.c.space_id == space, inbox.c.key == key)


def _is_late(row: Row[Any], now: datetime) -> bool:
    """Tell whether nobody waits for a reply any more; a notice, which nobody worked on, waits as long as it is kept."""
    is_notice = row.n_runs == 0
    return not is_notice and bool(row.due_at < now - FRESH or row.seen_at < now - PATIENCE)


def _unfinished(row: Row[Any]) -> UnfinishedMessage:
    message, had_files = message_of(row.message)
    reply = reply_of(row.reply) if row.reply is not None else None
    return UnfinishedMessage(message, reply, parts_of(row.parts or ()), had_files, row.n_runs)
