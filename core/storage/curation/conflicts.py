"""Conflicts: pairs of statements that contradict each other, each decided at most by one moderator at a time.

A decision and what it hides are written in one transaction. A conflict is between two documents of one space, so that
whoever may read the one may read the other. People are pseudonyms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.delivery.webhook_outbox import post_events
from core.storage.schema import conflict_searches, conflicts, documents, passages
from core.storage.spaces import ensure_space, next_revision
from core.storage.superseded import rewrite_passages
from core.types import CommunityEvent, Conflict, ConflictStatus, DatedStatement, Scope, SpaceId


@dataclass(frozen=True, slots=True)
class NewConflict:
    """Two statements that contradict each other, verbatim, by the ids of their documents; the first is the newer.

    ``holds``: the first is a later version of the same page, so that it holds unless a moderator says otherwise.
    """

    first_id: int
    first_quote: str
    second_id: int
    second_quote: str
    holds: bool = False

    @property
    def key(self) -> str:
        """Return the hash that identifies the pair within a space, whichever is first (BLAKE2b, 32 hex digits)."""
        sides = sorted((f"{self.first_id} {self.first_quote}", f"{self.second_id} {self.second_quote}"))
        return hashlib.blake2b("\n".join(sides).encode(), digest_size=16).hexdigest()


class Conflicts:
    """The conflicts of every space, open and decided."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, space: SpaceId, new: NewConflict) -> Conflict | None:
        """Store a conflict and return it; ``None`` when it is known, decided or not."""
        same = (conflicts.c.space_id == space) & (conflicts.c.key == new.key)
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if (await connection.execute(select(conflicts.c.id).where(same))).first() is not None:
                return None
            added = insert(conflicts).values(space_id=space, **_columns(new)).returning(conflicts.c.id)
            number = (await connection.execute(added)).scalar_one()
            if new.holds:
                await rewrite_passages(connection, space, new.second_id, await next_revision(connection, space))
            found = await _get(connection, space, number)
            if found is not None:
                data = {"number": number, "first": found.first.title, "second": found.second.title}
                await post_events(connection, space, [CommunityEvent("conflict.found", data)])
            return found

    async def get(self, scope: Scope, number: int) -> Conflict | None:
        """Return a conflict that may be read in ``scope``, if there is one of that number."""
        row = await self._database.row(_select(scope.community).where(conflicts.c.id == number))
        return _conflict(row) if row is not None else None

    async def statuses(self, space: SpaceId, keys: Collection[str]) -> Mapping[str, ConflictStatus]:
        """Return the status of each conflict with one of these keys that the space has."""
        ours = (conflicts.c.space_id == space) & conflicts.c.key.in_(keys)
        rows = await self._database.rows(select(conflicts.c.key, conflicts.c.status).where(ours))
        return {row.key: row.status for row in rows}

    async def count(self, scope: Scope) -> int:
        """Return how many conflicts may be read in ``scope``, open and decided."""
        row = await self._database.row(select(func.count()).where(conflicts.c.space_id.in_(scope.community)))
        return int(row[0]) if row is not None else 0

    async def count_open(self, scope: Scope) -> int:
        """Return how many conflicts that may be read in ``scope`` wait for a decision."""
        waiting = conflicts.c.space_id.in_(scope.community) & (conflicts.c.status == "open")
        row = await self._database.row(select(func.count()).where(waiting))
        return int(row[0]) if row is not None else 0

    async def list(self, scope: Scope, skip: int, limit: int) -> tuple[Conflict, ...]:
        """Return at most ``limit`` conflicts after ``skip``: open ones first, then the latest decided."""
        is_decided = case((conflicts.c.status == "open", 0), else_=1)
        ordered = _select(scope.community).order_by(is_decided, conflicts.c.decided_at.desc(), conflicts.c.id)
        return tuple(map(_conflict, await self._database.rows(ordered.offset(skip).limit(limit))))

    async def decide(self, space: SpaceId, number: int, status: ConflictStatus, person: str) -> bool:
        """Set the status of a conflict and hide what lost, or show it again; ``False`` where it has it. Atomic."""
        return await self._decide(space, number, status, person, conflicts.c.status != status)

    async def settle(self, space: SpaceId, number: int, status: ConflictStatus, person: str) -> bool:
        """Decide a conflict as ``decide`` does, if it is open; ``False``: somebody decided it before. Atomic."""
        return await self._decide(space, number, status, person, conflicts.c.status == "open")

    async def _decide(
        self, space: SpaceId, number: int, status: ConflictStatus, person: str, where: ColumnElement[bool]
    ) -> bool:
        decided = {"decided_by": person, "decided_at": datetime.now(UTC)}
        undecided = {"decided_by": None, "decided_at": None}
        values = {"status": status, "is_automatic": 0, **(undecided if status == "open" else decided)}
        changed = update(conflicts).where(_is(space, number), where).values(values)
        async with self._database.write() as connection:
            row = (await connection.execute(changed.returning(conflicts.c.first_id, conflicts.c.second_id))).first()
            if row is None:
                return False
            revision = await next_revision(connection, space)  # also where nothing is hidden: cached answers tell of it
            for document_id in (row.first_id, row.second_id):
                await rewrite_passages(connection, space, document_id, revision)
        return True

    async def dates(self, ids: Collection[int]) -> Mapping[int, datetime]:
        """Return when the source of each of these documents last said what it says, or else when it was learned."""
        said_at = func.coalesce(documents.c.said_at, documents.c.updated_at, type_=documents.c.said_at.type)
        rows = await self._database.rows(select(documents.c.id, said_at.label("at")).where(documents.c.id.in_(ids)))
        return {row.id: row.at for row in rows}

    async def unsearched(self, limit: int) -> Mapping[SpaceId, Sequence[int]]:
        """Return passages that were not compared yet, ascending, up to ``limit`` of each space that has any."""
        last = func.coalesce(conflict_searches.c.passage_id, 0)
        joined = passages.outerjoin(conflict_searches, conflict_searches.c.space_id == passages.c.space_id)
        behind = select(passages.c.space_id, last.label("last")).select_from(joined).where(passages.c.id > last)
        found: dict[SpaceId, Sequence[int]] = {}
        for row in await self._database.rows(behind.distinct()):
            ours = (passages.c.space_id == row.space_id) & (passages.c.id > row.last) & (passages.c.revision > 0)
            some = select(passages.c.id).where(ours).order_by(passages.c.id).limit(limit)
            if ids := [each.id for each in await self._database.rows(some)]:
                found[SpaceId(row.space_id)] = ids
        return found

    async def mark_searched(self, space: SpaceId, passage_id: int) -> None:
        """Store that the passages of a space up to this one were compared."""
        ours = conflict_searches.c.space_id == space
        async with self._database.write() as connection:
            changed = update(conflict_searches).where(ours).values(passage_id=passage_id)
            if (await connection.execute(changed)).rowcount == 0:
                await connection.execute(insert(conflict_searches).values(space_id=space, passage_id=passage_id))


def _columns(new: NewConflict) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "key": new.key,
        "first_id": new.first_id,
        "second_id": new.second_id,
        "first_quote": new.first_quote,
        "second_quote": new.second_quote,
        "status": "first" if new.holds else "open",
        "is_automatic": int(new.holds),
        "decided_at": now if new.holds else None,
        "created_at": now,
    }


async def _get(connection: AsyncConnection, space: SpaceId, number: int) -> Conflict | None:
    row = (await connection.execute(_select((space,)).where(conflicts.c.id == number))).first()
    return _conflict(row) if row is not None else None


def _select(spaces: Sequence[SpaceId]) -> Select[Any]:
    first, second = documents.alias("first"), documents.alias("second")
    return (
        select(
            conflicts,
            first.c.title.label("first_title"),
            func.coalesce(first.c.said_at, first.c.updated_at, type_=first.c.said_at.type).label("first_at"),
            second.c.title.label("second_title"),
            func.coalesce(second.c.said_at, second.c.updated_at, type_=second.c.said_at.type).label("second_at"),
        )
        .join(first, first.c.id == conflicts.c.first_id)
        .join(second, second.c.id == conflicts.c.second_id)
        .where(conflicts.c.space_id.in_(spaces))
    )


def _is(space: SpaceId, number: int) -> ColumnElement[bool]:
    return (conflicts.c.space_id == space) & (conflicts.c.id == number)


def _conflict(row: Row[Any]) -> Conflict:
    return Conflict(
        id=row.id,
        space=row.space_id,
        first=DatedStatement(row.first_quote, row.first_title, row.first_at),
        second=DatedStatement(row.second_quote, row.second_title, row.second_at),
        status=row.status,
        is_automatic=bool(row.is_automatic),
    )
