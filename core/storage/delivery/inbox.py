"""The inbox: accepted messages and the state of their replies, which survive crashes and redeliveries.

    accept ──▶ accepted ──answer──▶ answered ──close──▶ closed        claim ──▶ closed
        ▲         └──────────────── close ────────────────┘ │
        └──────────────────────── revise ───────────────────┘
    hold ──▶ held ──release──▶ answered

A message is stored with its text and reply address until it is closed; then only its key remains. Only an edit
(``revise``) leads back to an earlier state, so late and repeated calls change nothing. A private reply without a place
is held for ``HELD_FOR``. A message is answered even when the database fails: only durability is lost until it is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Insert, Row, Update, and_, delete, func, or_, select, update

from core.storage.answers import message_ref_update
from core.storage.database import DATABASE_FAILURES, Database
from core.storage.delivery.claim import claim_statement
from core.storage.delivery.inbox_writes import InboxWrites
from core.storage.delivery.leases import HeldLease
from core.storage.delivery.message_json import (
    message_from_json,
    message_to_json,
    parts_from_json,
    parts_to_json,
    reply_from_json,
    reply_to_json,
)
from core.storage.group_commit import GroupCommit
from core.storage.schema import inbox
from core.types import Message, Platform, Reply, SpaceId
from core.types.delivery import NOTICE, DeliveredPart, UnfinishedMessage

log = logging.getLogger(__name__)

RETENTION = timedelta(days=30)
"""How long keys are kept: longer than any platform redelivers a message."""

MAX_OVERDUE = timedelta(minutes=30)
"""A message that is overdue by more is closed unanswered."""

MAX_AGE = timedelta(days=1)
"""A message whose reply could not be delivered for so long is closed."""

MAX_SKEW = timedelta(minutes=5)
"""How far apart the clocks of two processes may be."""

HELD_FOR = timedelta(days=1)
"""How long a private reply is kept for somebody who has not opened a private chat; then it is erased."""

HELD = "held"
"""Begins the key of a held reply, before that of the message it replies to."""


class Inbox:
    """Accepts each message once within ``RETENTION`` and keeps it until it is closed (``core.ports.InboxPort``)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writes: dict[str, InboxWrites] = {}
        self._unstored: set[tuple[SpaceId, str]] = set()
        self._posts = GroupCommit(database)
        self._news: defaultdict[Platform, asyncio.Event] = defaultdict(asyncio.Event)

    def lead(self, platform: Platform, lease: HeldLease) -> None:
        """Write what concerns a platform only as long as nobody else has acquired ``lease``.

        After that every write but ``post`` and ``prune`` raises ``Superseded``.
        """
        self._writes_of(platform).lead(lease)

    async def accept(self, message: Message) -> bool:
        """Store a message, which is then answered even after a crash; ``False`` when it was accepted before."""
        now = datetime.now(UTC)
        try:
            return await self._add(
                message.space,
                message.key,
                seen_at=now,
                state="accepted",
                platform=message.platform,
                due_at=now,
                message=message_to_json(message),
                n_runs=1,
            )
        except DATABASE_FAILURES as error:
            log.error("%s could not be stored, and is lost if AION stops now: %s", message.key, error)
            self._unstored.add((message.space, message.key))
            return True

    def is_stored(self, message: Message) -> bool:
        """Return whether an accepted message outlives this process, so that it can be answered later."""
        return bool(message.address) and (message.space, message.key) not in self._unstored

    async def revise(self, message: Message, parts: Sequence[DeliveredPart]) -> None:
        """Store an edited message for a new answer; ``parts`` are the shown parts of the earlier reply."""
        anew = {"state": "accepted", "due_at": datetime.now(UTC), "reply": None, "n_runs": 1}
        kept = {"message": message_to_json(message), "parts": parts_to_json(parts)}
        await self._execute(message.space, update(inbox).where(_is(message.space, message.key)).values(anew | kept))

    async def claim(self, space: SpaceId, key: str) -> bool:
        """Return whether ``key`` is new in ``space``, and store it as closed."""
        return await self._writes_of(space).run(claim_statement(self._database.sql, space, key)) == 1

    async def post(self, message: Message, reply: Reply) -> bool:
        """Store an unasked reply for delivery to the address of ``message``; ``False`` when that key exists already."""
        now = datetime.now(UTC)
        new = self._new(
            message.space,
            message.key,
            seen_at=now,
            state="answered",
            platform=message.platform,
            due_at=now,
            message=message_to_json(message),
            reply=reply_to_json(reply),
        )
        is_new = await self._posts.run(new) == 1
        self._news[message.platform].set()
        return is_new

    async def hold(self, space: SpaceId, message: Message, reply: Reply) -> None:
        """Keep a private reply to ``message`` for its person, until ``release`` of their private chat ``space``."""
        key, now = f"{HELD}:{message.key}", datetime.now(UTC)
        held = Message(key, message.platform, space, space, message.person, "", message.locale, address={NOTICE: key})
        await self._add(
            space,
            key,
            seen_at=now,
            state=HELD,
            platform=message.platform,
            due_at=now + HELD_FOR,
            message=message_to_json(held),
            reply=reply_to_json(reply),
        )

    async def release(self, platform: Platform, space: SpaceId) -> bool:
        """Make the replies held for a private chat due; return whether there were any."""
        held = and_(inbox.c.space_id == space, inbox.c.state == HELD, inbox.c.due_at > datetime.now(UTC))
        if await self._database.row(select(inbox.c.key).where(held).limit(1)) is None:
            return False
        due = update(inbox).where(held).values(state="answered", due_at=datetime.now(UTC))
        await self._execute(space, due)
        self._news[platform].set()
        return True

    def news(self, platform: Platform) -> asyncio.Event:
        """Return the event that is set when an unasked reply waits for delivery on a platform."""
        return self._news[platform]

    async def rerun(self, message: Message) -> None:
        """Count another attempt to answer an accepted message."""
        await self._change(message, _unanswered, n_runs=inbox.c.n_runs + 1)

    async def answer(self, message: Message, reply: Reply) -> None:
        """Store the reply to an accepted message, for its delivery."""
        await self._change(message, _unanswered, state="answered", reply=reply_to_json(reply))

    async def postpone(self, message: Message, delay: timedelta) -> None:
        """Make a message due again after ``delay``."""
        await self._change(message, _open, due_at=datetime.now(UTC) + delay)

    async def close(self, message: Message) -> None:
        """Close a message and delete its text, address and reply."""
        self._unstored.discard((message.space, message.key))
        await self._change(message, _open, **_CLOSED)

    def journal(self, message: Message, parts: Sequence[DeliveredPart] = ()) -> InboxJournal:
        """Return the journal of the reply to an accepted message; ``parts`` of it were shown before."""
        return InboxJournal(self, message, parts)

    async def note(self, message: Message, parts: Sequence[DeliveredPart]) -> None:
        """Store the shown parts of a message's reply."""
        await self._change(message, _open, parts=parts_to_json(parts))

    async def note_shown(self, message: Message, answer_id: int, handle: str) -> None:
        """Store the handle of the platform message that shows the answer to ``message``."""
        await self._execute(message.space, message_ref_update(message.space, answer_id, f"{message.platform}:{handle}"))

    async def unfinished(self, platform: Platform) -> Sequence[UnfinishedMessage]:
        """Return the open messages of a platform that are due, oldest first; those that are too late are closed.

        Raises one of ``DATABASE_FAILURES`` while what was done meanwhile cannot be written: it would be done again.
        """
        await self._writes_of(platform).catch_up()
        now = datetime.now(UTC)
        is_due = or_(inbox.c.due_at <= now, inbox.c.seen_at > now + MAX_SKEW)  # by a clock that was set back since
        due = and_(inbox.c.platform == platform, inbox.c.due_at.is_not(None), is_due)
        rows = await self._database.rows(select(inbox).where(due).order_by(inbox.c.seen_at))
        late = [row for row in rows if row.state == HELD or _is_late(row, now)]
        for row in late:
            await self._give_up(row)
        return [_unfinished(row) for row in rows if row not in late]

    async def settle(self) -> None:
        """Write what could not be written before, as the process ends."""
        for writes in self._writes.values():
            await writes.settle()

    async def count_open(self) -> int:
        """Return how many messages of all spaces are open, for the operator."""
        row = await self._database.row(select(func.count()).where(_open))
        return int(row[0]) if row else 0

    async def forget(self, person_id: str, *, but: str) -> None:
        """Close every open message of a person (the platform's id), and what is held for them, except ``but``'s key."""
        kept = or_(_open, inbox.c.state == HELD)
        rows = await self._database.rows(select(inbox.c.space_id, inbox.c.key, inbox.c.message).where(kept))
        for row in rows:
            if row.message is not None and row.message["person"]["id"] == person_id and row.key != but:
                closed = update(inbox).where(_is(row.space_id, row.key)).values(_CLOSED)
                await self._execute(row.space_id, closed)

    async def prune(self, now: datetime) -> int:
        """Delete messages seen longer than ``RETENTION`` before ``now``; return how many."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(inbox).where(inbox.c.seen_at < now - RETENTION))
        return done.rowcount

    async def _give_up(self, row: Row[Any]) -> None:
        log.warning("%s was %s, and is given up: nothing could be done about it in time", row.key, row.state)
        closed = update(inbox).where(_is(row.space_id, row.key)).values(_CLOSED)
        await self._execute(row.space_id, closed)

    def _new(self, space: SpaceId, key: str, /, **values: object) -> Insert:
        new: Insert = (
            self._database.sql.insert(inbox).values(space_id=space, key=key, **values).on_conflict_do_nothing()
        )
        return new

    async def _add(self, space: SpaceId, key: str, /, **values: object) -> bool:
        return await self._writes_of(space).run_or_keep(self._new(space, key, **values)) == 1

    async def _change(self, message: Message, condition: ColumnElement[bool], /, **values: object) -> None:
        if message.address:  # without an address no other process can reply, so it was never stored
            changed = update(inbox).where(_is(message.space, message.key), condition).values(values)
            await self._execute(message.space, changed)

    def _writes_of(self, space_or_platform: str) -> InboxWrites:
        platform = space_or_platform.partition(":")[0]
        return self._writes.setdefault(platform, InboxWrites(self._database))

    async def _execute(self, space: SpaceId, statement: Update) -> None:
        try:
            await self._writes_of(space).run_or_keep(statement)
        except DATABASE_FAILURES as error:
            log.error("the inbox could not be written; after a restart now something may be done again: %s", error)


class InboxJournal:
    """The shown parts of one reply (``core.ports.Journal``)."""

    def __init__(self, inbox: Inbox, message: Message, parts: Sequence[DeliveredPart]) -> None:
        self._inbox = inbox
        self._message = message
        self._parts = list(parts)

    @property
    def parts(self) -> Sequence[DeliveredPart]:
        """Return the parts stored so far."""
        return tuple(self._parts)

    async def note(self, position: int, part: DeliveredPart | None) -> None:
        """Store the part at ``position``; ``None`` removes one whose sending is known to have failed."""
        self._parts[position : position + 1 if part else None] = [part] if part else []
        await self._inbox.note(self._message, self._parts)

    async def shown(self, answer_id: int, handle: str) -> None:
        """Store which platform message shows an answer."""
        await self._inbox.note_shown(self._message, answer_id, handle)


_CLOSED: dict[str, object] = {"state": "closed", "due_at": None, "message": None, "reply": None, "parts": None}
_open = inbox.c.state.in_(("accepted", "answered"))
_unanswered = inbox.c.state == "accepted"


def _is(space: SpaceId, key: str) -> ColumnElement[bool]:
    return and_(inbox.c.space_id == space, inbox.c.key == key)


def _is_late(row: Row[Any], now: datetime) -> bool:
    """Return whether a reply would come too late; an unasked one (``n_runs`` is 0) never does."""
    is_notice = row.n_runs == 0
    return not is_notice and bool(row.due_at < now - MAX_OVERDUE or row.seen_at < now - MAX_AGE)


def _unfinished(row: Row[Any]) -> UnfinishedMessage:
    message, had_files = message_from_json(row.message)
    reply = reply_from_json(row.reply) if row.reply is not None else None
    return UnfinishedMessage(message, reply, parts_from_json(row.parts or ()), had_files, row.n_runs)
