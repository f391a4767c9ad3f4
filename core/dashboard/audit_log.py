"""The audit log of each space: which moderator changed what, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select

from core.dashboard.token import MAX_NAME_CHARS
from core.storage.database import Database
from core.storage.schema import audit_events
from core.storage.spaces import ensure_space
from core.types import SpaceId

MAX_SUBJECT_CHARS = 300
KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that a person (a pseudonym) made: ``subject`` is what, ``detail`` its new value or a reason."""

    person: str
    name: str
    action: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A change as recorded; person and name are empty once they were erased."""

    id: int
    at: datetime
    change: Change


class AuditLog:
    """The changes of every space, kept for ``KEPT``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, space: SpaceId, change: Change) -> None:
        """Record that a change was made now."""
        now = datetime.now(UTC)
        values = {
            "space_id": space,
            "person": change.person,
            "name": change.name[:MAX_NAME_CHARS],
            "action": change.action,
            "subject": change.subject[:MAX_SUBJECT_CHARS],
            "detail": change.detail[:MAX_SUBJECT_CHARS],
            "at": now,
        }
        columns = audit_events.c
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            await connection.execute(delete(audit_events).where(columns.space_id == space, columns.at <= now - KEPT))
            await connection.execute(insert(audit_events).values(values))

    async def page(self, space: SpaceId, before: int | None, limit: int) -> tuple[AuditEvent, ...]:
        """Return the ``limit`` newest changes of a space, of those before the number ``before``."""
        columns = audit_events.c
        chosen = select(audit_events).where(columns.space_id == space)
        if before is not None:
            chosen = chosen.where(columns.id < before)
        rows = await self._database.rows(chosen.order_by(columns.id.desc()).limit(limit))
        return tuple(
            AuditEvent(row.id, row.at, Change(row.person, row.name, row.action, row.subject, row.detail))
            for row in rows
        )
