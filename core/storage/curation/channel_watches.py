"""Watched channels: how far each of their places was read, and the messages whose conversation may still go on.

Messages and the cursor behind them are stored together, so that a reading that was cut short goes on where it was. A
message is kept until its conversation is over for ``KEPT``. People are pseudonyms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.schema import channel_messages, channel_places, watches
from core.storage.spaces import in_community
from core.types import ChannelPlace, ChannelProgress, Scope, SpaceId, Watch

KEPT = timedelta(days=3)
"""How long a message is kept after the last one of its place."""

N_KEPT = 2_000
"""The most messages of a place that are kept, the latest."""


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message of a watched channel; ``values`` are its fields as JSON."""

    key: str
    person: str
    said_at: datetime
    values: Mapping[str, Any]


class ChannelWatches:
    """The watched channels of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def places(self, watch_id: int) -> Mapping[str, ChannelPlace]:
        """Return the places of a watch, by id."""
        rows = await self._database.rows(select(channel_places).where(channel_places.c.watch_id == watch_id))
        return {
            row.place: ChannelPlace(row.place, row.space_id, row.title, row.cursor, bool(row.is_read)) for row in rows
        }

    async def keep(self, watch_id: int, places: Sequence[ChannelPlace], messages: Sequence[KeptMessage] = ()) -> int:
        """Store how far places were read, and messages of the first of them; return how many are new. Atomic.

        Nothing is stored of a watch that was removed meanwhile.
        """
        async with self._database.write() as connection:
            known = select(watches.c.id).where(watches.c.id == watch_id)
            if (await connection.execute(known)).first() is None:
                return 0
            fresh = await _fresh(connection, watch_id, messages)
            if fresh:
                rows = [_columns(watch_id, places[0].id, message) for message in fresh]
                await connection.execute(insert(channel_messages), rows)
            for n, place in enumerate(places):
                await _save_place(connection, watch_id, place, len(fresh) if n == 0 else 0)
            return len(fresh)

    async def messages(self, watch_id: int) -> Mapping[SpaceId, Sequence[KeptMessage]]:
        """Return the kept messages of a watch by audience, place by place, in the order they were said."""
        columns, places = channel_messages.c, channel_places.c
        here = (places.watch_id == columns.watch_id) & (places.place == columns.place)
        statement = select(channel_messages, places.space_id).join(channel_places, here)
        order = (columns.place, columns.said_at, columns.key)
        found: defaultdict[SpaceId, list[KeptMessage]] = defaultdict(list)
        for row in await self._database.rows(statement.where(columns.watch_id == watch_id).order_by(*order)):
            found[row.space_id].append(KeptMessage(row.key, row.person, row.said_at, row.message))
        return found

    async def is_watched(self, scope: Scope, place: str) -> bool:
        """Return whether anything was kept of a place of a scope."""
        here = (channel_places.c.place == place) & channel_places.c.space_id.in_(scope.community)
        return await self._database.row(select(channel_places.c.place).where(here)) is not None

    async def said_in(self, scope: Scope, place: str, since: datetime, limit: int) -> Sequence[KeptMessage]:
        """Return the last messages that are kept of a place of a scope since a moment, oldest first."""
        columns, places = channel_messages.c, channel_places.c
        here = (places.watch_id == columns.watch_id) & (places.place == columns.place)
        ours = (places.place == place) & places.space_id.in_(scope.community) & (columns.said_at >= since)
        statement = select(channel_messages).join(channel_places, here).where(ours)
        rows = await self._database.rows(statement.order_by(columns.said_at.desc(), columns.key.desc()).limit(limit))
        found = {row.key: KeptMessage(row.key, row.person, row.said_at, row.message) for row in reversed(rows)}
        return tuple(found.values())

    async def prune(self, watch_id: int) -> None:
        """Delete the messages of a watch whose conversations are over."""
        columns = channel_messages.c
        ours = columns.watch_id == watch_id
        latest = select(columns.place, func.max(columns.said_at).label("at")).where(ours).group_by(columns.place)
        async with self._database.write() as connection:
            for row in (await connection.execute(latest)).all():
                here = ours & (columns.place == row.place)
                newest = select(columns.key).where(here).order_by(columns.said_at.desc()).limit(N_KEPT)
                is_over = (columns.said_at < row.at - KEPT) | columns.key.not_in(newest.scalar_subquery())
                await connection.execute(delete(channel_messages).where(here, is_over))

    async def reword(self, space: SpaceId, key: str, text: str) -> None:
        """Replace the words of a kept message."""
        for row in await self._database.rows(select(channel_messages).where(_of_message(space, key))):
            this = (channel_messages.c.watch_id == row.watch_id) & (channel_messages.c.key == key)
            async with self._database.write() as connection:
                values = {**row.message, "text": text, "is_edited": True}
                await connection.execute(update(channel_messages).where(this).values(message=values))

    async def drop(self, space: SpaceId, key: str) -> None:
        """Delete a kept message."""
        async with self._database.write() as connection:
            await connection.execute(delete(channel_messages).where(_of_message(space, key)))

    async def progress(self, scope: Scope) -> Mapping[int, ChannelProgress]:
        """Return how far the watched channels of a scope were read, by watch."""
        columns = channel_places.c
        statement = (
            select(
                columns.watch_id,
                func.sum(columns.n_messages).label("n_messages"),
                func.count().label("n_places"),
                func.sum(columns.is_read).label("n_read"),
            )
            .join(watches, watches.c.id == columns.watch_id)
            .where(watches.c.space_id.in_(scope.community))
            .group_by(columns.watch_id)
        )
        rows = await self._database.rows(statement)
        return {row.watch_id: ChannelProgress(int(row.n_messages), row.n_places, int(row.n_read)) for row in rows}

    async def count(self, watch: Watch) -> int:
        """Return how many messages of a watch are kept."""
        statement = select(func.count().label("n")).where(channel_messages.c.watch_id == watch.id)
        row = await self._database.row(statement.select_from(channel_messages))
        return int(row.n) if row is not None else 0


def _of_message(space: SpaceId, key: str) -> ColumnElement[bool]:
    ours = select(watches.c.id).where(in_community(watches.c.space_id, space)).scalar_subquery()
    return (channel_messages.c.key == key) & channel_messages.c.watch_id.in_(ours)


async def _fresh(connection: AsyncConnection, watch_id: int, messages: Sequence[KeptMessage]) -> Sequence[KeptMessage]:
    keys = [message.key for message in messages]
    this = (channel_messages.c.watch_id == watch_id) & channel_messages.c.key.in_(keys)
    known = set((await connection.execute(select(channel_messages.c.key).where(this))).scalars()) if keys else set()
    return list({message.key: message for message in messages if message.key not in known}.values())


async def _save_place(connection: AsyncConnection, watch_id: int, place: ChannelPlace, n_new: int) -> None:
    columns = channel_places.c
    this = (columns.watch_id == watch_id) & (columns.place == place.id)
    values = {"space_id": place.space, "cursor": place.cursor, "title": place.title, "is_read": int(place.is_read)}
    counted = update(channel_places).where(this).values(n_messages=columns.n_messages + n_new, **values)
    if not (await connection.execute(counted)).rowcount:
        await connection.execute(
            insert(channel_places).values(watch_id=watch_id, place=place.id, n_messages=n_new, **values)
        )


def _columns(watch_id: int, place: str, message: KeptMessage) -> dict[str, Any]:
    columns = {"key": message.key, "person": message.person, "said_at": message.said_at}
    return columns | {"watch_id": watch_id, "place": place, "message": dict(message.values)}
