"""Spaces: the tenants with their settings, and the revision counter that search indexes follow.

The settings are the community's: those of an audience (``core.types.scope``) are read and written there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Row, Select, Table, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.services.setting_schema import LANGUAGE, Setting, SpokenLanguage
from core.storage.database import DATABASE_FAILURES, Database
from core.storage.engines.dialect import sql_of
from core.storage.schema import answers, documents, passages, spaces
from core.storage.space_move import move_space
from core.types import SpaceId, community_of

log = logging.getLogger(__name__)

T = TypeVar("T")

FRESH_S = 5.0
"""Seconds for which settings that were read are not read again: another process may change them."""


@dataclass(frozen=True, slots=True)
class Space:
    """A tenant; ``settings`` are stored under the keys of ``core.services.setting_schema``."""

    id: SpaceId
    platform: str
    title: str | None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpaceFigures:
    """A space with how much it was taught and asked; ``last_asked_at`` is ``None`` where nobody asked."""

    space: SpaceId
    platform: str
    title: str | None
    n_documents: int
    n_passages: int
    n_answers: int
    last_asked_at: datetime | None


class Spaces:
    """The known spaces. A space is added when something is first stored in it. ``now_s``: a monotonic clock."""

    def __init__(self, database: Database, now_s: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._now_s = now_s
        self._read: dict[SpaceId, tuple[float, Mapping[str, Any]]] = {}

    async def get(self, space: SpaceId) -> Space | None:
        """Return a space, if it is known."""
        row = await self._database.row(select(spaces).where(spaces.c.id == space))
        return _space(row) if row is not None else None

    async def all(self) -> tuple[Space, ...]:
        """Return every space, by id. For the operator's own jobs; nothing that answers a person may call it."""
        return tuple(_space(row) for row in await self._database.rows(select(spaces).order_by(spaces.c.id)))

    async def figures(self) -> tuple[SpaceFigures, ...]:
        """Return every space with its figures, by id. For the operator."""

        def counts(table: Table, *more: ColumnElement[Any]) -> Select[Any]:
            return select(table.c.space_id, func.count().label("n"), *more).group_by(table.c.space_id)

        taught, cut = await self._by_space(counts(documents)), await self._by_space(counts(passages))
        asked = await self._by_space(counts(answers, func.max(answers.c.created_at).label("last")))
        return tuple(
            SpaceFigures(
                space=each.id,
                platform=each.platform,
                title=each.title,
                n_documents=taught[each.id].n if each.id in taught else 0,
                n_passages=cut[each.id].n if each.id in cut else 0,
                n_answers=asked[each.id].n if each.id in asked else 0,
                last_asked_at=asked[each.id].last if each.id in asked else None,
            )
            for each in await self.all()
        )

    async def _by_space(self, statement: Select[Any]) -> Mapping[SpaceId, Row[Any]]:
        return {SpaceId(row.space_id): row for row in await self._database.rows(statement)}

    async def set_title(self, space: SpaceId, title: str) -> None:
        """Store what people call a space."""
        async with self._database.write() as connection:
            await connection.execute(update(spaces).where(spaces.c.id == space).values(title=title))

    async def communities(self, platform: str) -> tuple[SpaceId, ...]:
        """Return the ids of every community and private chat of a platform, and nothing that is in them."""
        ours = (spaces.c.platform == platform) & spaces.c.id.not_like("%/%")
        rows = await self._database.rows(select(spaces.c.id).where(ours).order_by(spaces.c.id))
        return tuple(SpaceId(row.id) for row in rows)

    async def save(self, space: Space) -> None:
        """Store a space's title and settings."""
        async with self._database.write() as connection:
            await ensure_space(connection, space.id)
            values = {"title": space.title, "settings": dict(space.settings)}
            await connection.execute(update(spaces).where(spaces.c.id == space.id).values(values))
        self._note(space.id, space.settings)

    async def value(self, space: SpaceId, setting: Setting[T]) -> T:
        """Return a setting's value in a space, at most ``FRESH_S`` old; its default in one that is not known."""
        community = community_of(space)
        read = self._read.get(community)
        if read is None or self._now_s() - read[0] > FRESH_S:
            known = await self.get(community)
            read = self._note(community, known.settings if known else {})
        return _value(read[1], setting)

    async def audiences(self, space: SpaceId) -> tuple[SpaceId, ...]:
        """Return the spaces of a community's audiences, by id: their names, and nothing that is in them."""
        others = in_community(spaces.c.id, space) & (spaces.c.id != community_of(space))
        rows = await self._database.rows(select(spaces.c.id).where(others).order_by(spaces.c.id))
        return tuple(SpaceId(row.id) for row in rows)

    async def language(self, space: SpaceId) -> SpokenLanguage:
        """Return the language to speak in a space; each person's own also where the database cannot be read."""
        try:
            return await self.value(space, LANGUAGE)
        except DATABASE_FAILURES as error:
            log.error("the language of %s is not known: %s", space, error)
            return LANGUAGE.default

    async def set_value(self, space: SpaceId, setting: Setting[T], value: T) -> None:
        """Store a setting's value in a space."""
        await self.change_value(space, setting, lambda held: value)

    async def change_value(self, space: SpaceId, setting: Setting[T], change: Callable[[T], T]) -> None:
        """Replace a setting's value in a space by ``change(value)``, in one transaction."""
        await self.change_settings(space, lambda settings: {**settings, setting.key: change(_value(settings, setting))})

    async def values(self, setting: Setting[T]) -> Mapping[SpaceId, T]:
        """Return the setting's value in each space where it was set."""
        return {each.id: _value(each.settings, setting) for each in await self.all() if setting.key in each.settings}

    async def change_settings(
        self, space: SpaceId, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """Replace the settings of a space's community by ``change(settings)`` in one transaction; return them."""
        space = community_of(space)
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            held = (await connection.execute(select(spaces.c.settings).where(spaces.c.id == space))).scalar_one()
            changed = dict(change(held))
            await connection.execute(update(spaces).where(spaces.c.id == space).values(settings=changed))
        self._note(space, changed)
        return changed

    async def move(self, space: SpaceId, new: SpaceId) -> bool:
        """Move everything of a space to another id; ``False`` when the space does not exist. Atomic."""
        async with self._database.write() as connection:
            is_moved = await move_space(connection, space, new)
        self._read.pop(space, None)
        self._read.pop(new, None)
        return is_moved

    def _note(self, space: SpaceId, settings: Mapping[str, Any]) -> tuple[float, Mapping[str, Any]]:
        self._read[space] = noted = self._now_s(), settings
        return noted


def in_community(column: Column[Any], space: SpaceId) -> ColumnElement[bool]:
    """Return the condition that a column names a space of the same community as ``space``, of whatever audience."""
    community = community_of(space)
    return or_(column == community, column.startswith(f"{community}/", autoescape=True))


async def ensure_space(connection: AsyncConnection, space: SpaceId) -> None:
    """Insert the space within a transaction, if it is not there; until that ends, nobody removes it."""
    there = select(spaces.c.id).where(spaces.c.id == space).with_for_update(read=True, key_share=True)
    if (await connection.execute(there)).first() is None:
        values = {"id": space, "platform": space.split(":")[0], "settings": {}, "revision": 0}
        new = sql_of(connection).insert(spaces).values(created_at=datetime.now(UTC), **values)
        await connection.execute(new.on_conflict_do_nothing())


async def next_revision(connection: AsyncConnection, space: SpaceId) -> int:
    """Increment the space's revision within a transaction and return it; a missing space is inserted."""
    raised = update(spaces).where(spaces.c.id == space).values(revision=spaces.c.revision + 1)
    statement = raised.returning(spaces.c.revision)
    revision = (await connection.execute(statement)).scalar()
    if revision is None:
        await ensure_space(connection, space)
        revision = (await connection.execute(statement)).scalar_one()
    return int(revision)


def _value(settings: Mapping[str, Any], setting: Setting[T]) -> T:
    value = settings.get(setting.key, setting.default)
    return cast(T, tuple(value) if setting.kind in ("channels", "roles") else value)  # JSON has lists


def _space(row: Row[Any]) -> Space:
    return Space(row.id, row.platform, row.title, row.settings)
