"""One-time links that sign a person in to the dashboard of one space. Only hashes of their tokens are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select

from core.dashboard.token import MAX_TOKEN_CHARS, bearer_of_token, new_token, token_hash
from core.privacy.pseudonyms import Pseudonyms
from core.storage.database import Database
from core.storage.schema import sign_in_links
from core.storage.spaces import ensure_space
from core.types import Language, Person, SpaceId

LINK_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Whom a link signs in, and where; ``language`` is the one they were spoken to in."""

    space: SpaceId
    person: Person
    language: Language


class SignInLinks:
    """The unused links of every space."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._pseudonyms = pseudonyms

    async def add(self, sign_in: SignIn, now: datetime) -> str:
        """Store a link and return its token, which is not stored; earlier ones of the person are of no more use."""
        token, person = new_token(sign_in.person), self._pseudonyms.of(sign_in.person.id)
        columns = sign_in_links.c
        theirs = (columns.space_id == sign_in.space) & (columns.person == person)
        values = {
            "token_hash": token_hash(token),
            "space_id": sign_in.space,
            "person": person,
            "language": sign_in.language,
            "expires_at": now + LINK_LIFETIME,
        }
        async with self._database.write() as connection:
            await ensure_space(connection, sign_in.space)
            await connection.execute(delete(sign_in_links).where(or_(theirs, columns.expires_at <= now)))
            await connection.execute(insert(sign_in_links).values(values))
        return token

    async def find(self, token: str, now: datetime) -> SignIn | None:
        """Return whom an unused link signs in, without using it; ``None`` for one that is unknown or too old."""
        row = await self._database.row(select(sign_in_links).where(_is_valid(token, now)))
        person = bearer_of_token(token)
        if row is None or person is None:
            return None
        return SignIn(SpaceId(row.space_id), person, row.language)

    async def use(self, token: str, now: datetime) -> SignIn | None:
        """Return whom a link signs in, once; ``None`` for one that is unknown, used or too old."""
        sign_in = await self.find(token, now)
        (n_used,) = await self._database.write_all([delete(sign_in_links).where(_is_valid(token, now))])
        return sign_in if n_used else None


def _is_valid(token: str, now: datetime) -> ColumnElement[bool]:
    columns = sign_in_links.c
    return and_(columns.token_hash == token_hash(token[: MAX_TOKEN_CHARS + 1]), columns.expires_at > now)
