"""The documents of a space as a moderator looks through them: by title, page by page, with passages and citations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from core.storage.database import Database
from core.storage.schema import answer_documents, answers, document_names, documents, passages
from core.types import Scope, SpaceId

N_CITATIONS = 300
"""The latest answers that cite a document, in which the citations of each passage are counted."""


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document in the list, with one of its names."""

    id: int
    title: str
    name: str
    language: str
    n_passages: int
    space: SpaceId


@dataclass(frozen=True, slots=True)
class DocumentDetails:
    """A document with all its names, without its text."""

    id: int
    title: str
    names: tuple[str, ...]
    kind: str
    language: str
    n_chars: int
    n_passages: int
    created_at: datetime
    updated_at: datetime
    space: SpaceId


@dataclass(frozen=True, slots=True)
class ListedPassage:
    """A passage of a document; ``ordinal`` counts from 0."""

    id: int
    ordinal: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class DocumentCitations:
    """The latest answers that cite a document, newest first, as number and question; and citations by passage."""

    answers: tuple[tuple[int, str], ...]
    by_passage: Mapping[int, int]


class DocumentList:
    """Lists the documents of any space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, scope: Scope) -> int:
        """Return how many documents of the community may be read."""
        counted = select(func.count().label("n")).select_from(documents).where(_readable(scope))
        row = await self._database.row(counted)
        return int(row.n) if row is not None else 0

    async def page(self, scope: Scope, query: str, after: int, limit: int) -> tuple[ListedDocument, ...]:
        """Return ``limit`` documents whose title contains ``query``, by title, of those after the number ``after``."""
        columns = documents.c
        conditions = _titled(scope, query)
        start = await self._database.row(select(columns.title).where(_readable(scope), columns.id == after))
        if start is not None:
            conditions.append(tuple_(columns.title, columns.id) > tuple_(start.title, after))
        chosen = select(columns.id).where(*conditions).order_by(columns.title, columns.id).limit(limit)
        ids = [row.id for row in await self._database.rows(chosen)]
        shown = select(columns.id, columns.title, columns.language, columns.space_id).where(columns.id.in_(ids))
        rows = await self._database.rows(shown.order_by(columns.title, columns.id))
        names, counts = await self._names(ids), await self._counts(ids)
        return tuple(
            ListedDocument(
                row.id,
                row.title,
                next(iter(names[row.id]), ""),
                row.language,
                counts.get(row.id, 0),
                SpaceId(row.space_id),
            )
            for row in rows
        )

    async def get(self, scope: Scope, number: int) -> DocumentDetails | None:
        """Return a document that may be read; ``None`` when there is none of that number."""
        columns = documents.c
        shown = (columns.kind, columns.language, columns.n_chars, columns.created_at, columns.updated_at)
        owned = _readable(scope) & (columns.id == number)
        row = await self._database.row(select(columns.id, columns.title, columns.space_id, *shown).where(owned))
        if row is None:
            return None
        names, counts = await self._names([number]), await self._counts([number])
        return DocumentDetails(
            id=row.id,
            title=row.title,
            names=tuple(names[number]),
            kind=row.kind,
            language=row.language,
            n_chars=row.n_chars,
            n_passages=counts.get(number, 0),
            created_at=row.created_at,
            updated_at=row.updated_at,
            space=SpaceId(row.space_id),
        )

    async def passages(self, space: SpaceId, number: int, first: int, limit: int) -> tuple[ListedPassage, ...]:
        """Return ``limit`` passages of a document of the space, from the ordinal ``first`` on."""
        columns = passages.c
        statement = (
            select(columns.id, columns.ordinal, columns.heading, columns.text)
            .where(columns.space_id == space, columns.document_id == number, columns.ordinal >= first)
            .order_by(columns.ordinal)
            .limit(limit)
        )
        rows = await self._database.rows(statement)
        return tuple(ListedPassage(row.id, row.ordinal, row.heading, row.text) for row in rows)

    async def citations(self, scope: Scope, number: int, n_shown: int) -> DocumentCitations:
        """Return the latest answers of the scope that cite a document, ``n_shown`` of them, and what they cite."""
        columns, cited = answers.c, answer_documents.c
        citing = select(cited.answer_id).where(cited.document_id == number)
        latest = (
            select(columns.id, columns.question, columns.sources)
            .where(columns.id.in_(citing), columns.space_id.in_(scope.community))
            .order_by(columns.id.desc())
            .limit(N_CITATIONS)
        )
        rows = await self._database.rows(latest)
        by_passage = Counter(passage for row in rows for passage in {source["passage_id"] for source in row.sources})
        return DocumentCitations(tuple((row.id, row.question) for row in rows[:n_shown]), by_passage)

    async def _names(self, ids: Sequence[int]) -> Mapping[int, list[str]]:
        columns = document_names.c
        statement = select(columns.document_id, columns.name).where(columns.document_id.in_(ids))
        found: defaultdict[int, list[str]] = defaultdict(list)
        for row in await self._database.rows(statement.order_by(columns.name)):
            found[row.document_id].append(row.name)
        return found

    async def _counts(self, ids: Sequence[int]) -> Mapping[int, int]:
        columns = passages.c
        counted = select(columns.document_id, func.count().label("n")).where(columns.document_id.in_(ids))
        rows = await self._database.rows(counted.group_by(columns.document_id))
        return {row.document_id: int(row.n) for row in rows}


def documents_named(scope: Scope, given: str) -> Select[tuple[int]]:
    """Return what selects the ids of documents that may be read: of ``#N``, or of those titled with ``given``."""
    if (number := numbered(given)) is not None:
        return select(documents.c.id).where(_readable(scope), documents.c.id == number)
    return select(documents.c.id).where(*_titled(scope, given))


def numbered(given: str) -> int | None:
    """Return the number of a document given as ``#N``; ``None`` for anything else."""
    digits = given.removeprefix("#")
    return int(digits) if digits != given and digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def _titled(scope: Scope, words: str) -> list[ColumnElement[bool]]:
    """Return the conditions that a document may be read and has these words, if any, in its title."""
    if not words:
        return [_readable(scope)]
    return [_readable(scope), documents.c.title.icontains(words, autoescape=True)]


def _readable(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a document is of the community and may be read."""
    return documents.c.space_id.in_(scope.community)
