"""Sessions of the dashboard: each of one person in one space, until it ends or is revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, update

from core.dashboard.sign_in_links import SignIn
from core.dashboard.token import MAX_TOKEN_CHARS, bearer_of_token, new_token, token_hash
from core.privacy.pseudonyms import Pseudonyms
from core.storage.database import Database
from core.storage.schema import dashboard_sessions
from core.storage.spaces import ensure_space
from core.types import Language, Person, SpaceId

LIFETIME = timedelta(days=7)
"""How long a session lasts at most."""

IDLE = timedelta(days=1)
"""How long it lasts without a request."""

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is stored when a session was last used."""


@dataclass(frozen=True, slots=True)
class DashboardSession:
    """A session; ``person`` is no moderator until the platform says so, ``pseudonym`` is theirs."""

    id: int
    space: SpaceId
    person: Person
    pseudonym: str
    language: Language
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session as its person sees it among theirs."""

    id: int
    created_at: datetime
    seen_at: datetime


class DashboardSessions:
    """The sessions of every space."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._pseudonyms = pseudonyms

    async def open(self, sign_in: SignIn, now: datetime) -> str:
        """Store a session of whom a link signed in, and return its token, which is not stored."""
        token = new_token(sign_in.person)
        values = {
            "space_id": sign_in.space,
            "person": self._pseudonyms.of(sign_in.person.id),
            "token_hash": token_hash(token),
            "language": sign_in.language,
            "created_at": now,
            "seen_at": now,
        }
        async with self._database.write() as connection:
            await ensure_space(connection, sign_in.space)
            await connection.execute(delete(dashboard_sessions).where(_is_over(now)))
            await connection.execute(insert(dashboard_sessions).values(values))
        return token

    async def find(self, token: str, now: datetime) -> DashboardSession | None:
        """Return the session of a token, and note that it is used; ``None`` for one unknown, over or revoked."""
        known = dashboard_sessions.c.token_hash == token_hash(token[: MAX_TOKEN_CHARS + 1])
        row = await self._database.row(select(dashboard_sessions).where(known, ~_is_over(now)))
        person = bearer_of_token(token)
        if row is None or person is None:
            return None
        if now - row.seen_at >= SEEN_EVERY:
            await self._database.write_all([update(dashboard_sessions).where(known).values(seen_at=now)])
        return _session(row, person)

    async def of(self, space: SpaceId, person: str, now: datetime) -> tuple[SessionSummary, ...]:
        """Return the sessions of a person (a pseudonym) in a space, the last used first."""
        rows = await self._database.rows(
            select(dashboard_sessions)
            .where(_is_of(space, person), ~_is_over(now))
            .order_by(dashboard_sessions.c.seen_at.desc(), dashboard_sessions.c.id.desc())
        )
        return tuple(SessionSummary(row.id, row.created_at, row.seen_at) for row in rows)

    async def revoke(self, space: SpaceId, person: str, number: int | None = None) -> int:
        """End a person's session of that number in a space, or all of theirs; return how many ended."""
        columns = dashboard_sessions.c
        ended = _is_of(space, person) & (columns.id == number) if number is not None else _is_of(space, person)
        (n_ended,) = await self._database.write_all([delete(dashboard_sessions).where(ended)])
        return n_ended

    async def speak(self, session: DashboardSession, language: Language) -> None:
        """Store the language of a session."""
        this = dashboard_sessions.c.id == session.id
        await self._database.write_all([update(dashboard_sessions).where(this).values(language=language)])


def _is_over(now: datetime) -> ColumnElement[bool]:
    columns = dashboard_sessions.c
    return or_(columns.created_at <= now - LIFETIME, columns.seen_at <= now - IDLE)


def _is_of(space: SpaceId, person: str) -> ColumnElement[bool]:
    return (dashboard_sessions.c.space_id == space) & (dashboard_sessions.c.person == person)


def _session(row: Row[Any], person: Person) -> DashboardSession:
    return DashboardSession(
        id=row.id,
        space=SpaceId(row.space_id),
        person=person,
        pseudonym=row.person,
        language=row.language,
        created_at=row.created_at,
        seen_at=row.seen_at,
    )
