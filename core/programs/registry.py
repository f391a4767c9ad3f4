"""Programs that may ask in one space each: their tokens, of which only hashes are stored, and how much they asked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update

from core.errors import BadInput
from core.storage.database import Database
from core.storage.schema import program_days, programs
from core.storage.spaces import ensure_space
from core.types import SpaceId

TOKEN_PREFIX = "aion_"
"""What every token begins with, so that scanners for leaked secrets can tell one."""

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a token; ``is_revoked``: the token is of no more use."""

    id: int
    space: SpaceId
    name: str
    created_at: datetime
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class ProgramUse:
    """A program, and the number of its requests by outcome; ``last_day`` is the last one it asked on."""

    program: Program
    counts: Mapping[str, int]
    last_day: str | None


class Programs:
    """The programs of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, space: SpaceId, name: str) -> tuple[Program, str]:
        """Store a program, and return it with its token, which is not stored and cannot be shown again."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        now = datetime.now(UTC)
        values = {"space_id": space, "name": name, "token_hash": _hash(token), "created_at": now}
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            number = (await connection.execute(insert(programs).values(values).returning(programs.c.id))).scalar_one()
        return Program(number, space, name, now), token

    async def find(self, token: str) -> Program | None:
        """Return the program of a token; ``None`` for one that is unknown or revoked."""
        is_valid = and_(programs.c.token_hash == _hash(token), programs.c.revoked_at.is_(None))
        row = await self._database.row(select(programs).where(is_valid))
        return _program(row) if row is not None else None

    async def revoke(self, number: int) -> Program:
        """Make a program's token useless from now on. Raises ``BadInput`` when there is none of that number."""
        row = await self._database.row(select(programs).where(programs.c.id == number))
        if row is None:
            raise BadInput("program.unknown", number=number)
        this = and_(programs.c.id == number, programs.c.revoked_at.is_(None))
        await self._database.write_all([update(programs).where(this).values(revoked_at=datetime.now(UTC))])
        return _program(row)

    async def count(self, program: Program, outcome: str) -> None:
        """Count a request of today."""
        day = datetime.now(UTC).date()
        columns = program_days.c
        this = and_(columns.program_id == program.id, columns.day == day, columns.outcome == outcome)
        more = update(program_days).where(this).values(n_requests=columns.n_requests + 1)
        async with self._database.write() as connection:
            if not (await connection.execute(more)).rowcount:
                values = {"program_id": program.id, "day": day, "outcome": outcome, "n_requests": 1}
                await connection.execute(insert(program_days).values(values))

    async def all(self) -> tuple[ProgramUse, ...]:
        """Return every program with its counts, by number."""
        counted = select(
            program_days.c.program_id,
            program_days.c.outcome,
            func.sum(program_days.c.n_requests).label("n"),
            func.max(program_days.c.day).label("last"),
        ).group_by(program_days.c.program_id, program_days.c.outcome)
        counts: dict[int, dict[str, int]] = {}
        last: dict[int, str] = {}
        for row in await self._database.rows(counted):
            counts.setdefault(row.program_id, {})[row.outcome] = int(row.n)
            last[row.program_id] = max(str(row.last), last.get(row.program_id, ""))
        rows = await self._database.rows(select(programs).order_by(programs.c.id))
        return tuple(ProgramUse(_program(row), counts.get(row.id, {}), last.get(row.id)) for row in rows)


def _hash(token: str) -> str:
    return hashlib.sha256(token.strip().encode(errors="replace")).hexdigest()


def _program(row: Row[Any]) -> Program:
    return Program(row.id, SpaceId(row.space_id), row.name, row.created_at, row.revoked_at is not None)
