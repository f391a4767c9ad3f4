"""Proposals: texts that wait for a moderator's approval. The first decision counts, and is final.

Approval and the document it makes are written in one transaction. Every method reads and writes one space. People are
pseudonyms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.delivery.webhook_outbox import post_events
from core.storage.document_writes import NewDocument, store_documents
from core.storage.embeddings.embedded_chunks import EmbeddedChunks
from core.storage.schema import document_names, proposals
from core.storage.spaces import ensure_space
from core.types import CommunityEvent, IndexedDocument, Proposal, ProposalStatus, SpaceId


@dataclass(frozen=True, slots=True)
class NewProposal:
    """A text to be decided on. ``proposed_by`` is a pseudonym, empty for AION; ``score`` is its quality, 0..1."""

    new: NewDocument
    site: str
    origin: str
    excerpts: tuple[str, ...]
    proposed_by: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class ProposalSummary:
    """A pending proposal without its text, of which it has ``n_chars``; the fields are those of ``Proposal``."""

    id: int
    name: str
    site: str
    title: str
    origin: str
    score: float | None
    excerpts: tuple[str, ...]
    n_chars: int
    created_at: datetime
    is_replacing: bool


class Proposals:
    """The proposals of every space, pending and decided."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, space: SpaceId, proposal: NewProposal) -> Proposal | None:
        """Store a proposal in place of a pending one of its name; ``None`` when the text is pending or was rejected."""
        is_held = proposals.c.status.in_(("pending", "rejected"))
        same = (proposals.c.content_hash == proposal.new.content_hash) & is_held
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            known = select(proposals.c.id).where(proposals.c.space_id == space, same)
            if (await connection.execute(known)).first() is not None:
                return None
            await _withdraw(connection, space, proposal.new.name)
            statement = insert(proposals).values(space_id=space, **_columns(proposal)).returning(proposals.c.id)
            number = (await connection.execute(statement)).scalar_one()
            data = {"number": number, "title": proposal.new.title, "site": proposal.site, "origin": proposal.origin}
            await post_events(connection, space, [CommunityEvent("proposal.waiting", data)])
            return await _get(connection, space, number)

    async def get(self, space: SpaceId, proposal_id: int) -> Proposal | None:
        """Return a proposal of the space, whatever its status; ``None`` when there is none of that id."""
        async with self._database.read() as connection:
            return await _get(connection, space, proposal_id)

    async def pending_sizes(self, space: SpaceId) -> Mapping[str, int]:
        """Return the characters of each text that waits for a decision, by a name of its own."""
        waiting = (proposals.c.space_id == space) & (proposals.c.status == "pending")
        rows = await self._database.rows(
            select(proposals.c.id, func.length(proposals.c.text).label("n_chars")).where(waiting)
        )
        return {f"#{row.id}": int(row.n_chars) for row in rows}

    async def pending(self, space: SpaceId) -> tuple[Proposal, ...]:
        """Return the pending proposals of a space, oldest first."""
        waiting = _select(space, proposals.c.status == "pending").order_by(proposals.c.id)
        return tuple(_proposal(row) for row in await self._database.rows(waiting))

    async def page(self, space: SpaceId, after: int, limit: int) -> tuple[ProposalSummary, ...]:
        """Return the ``limit`` oldest pending proposals of those after the number ``after``."""
        columns = proposals.c
        held = (document_names.c.space_id == columns.space_id) & (document_names.c.name == columns.name)
        shown = (columns.id, columns.name, columns.site, columns.title, columns.origin, columns.score)
        statement = (
            select(
                *shown,
                columns.excerpts,
                columns.created_at,
                func.length(columns.text).label("n_chars"),
                select(document_names.c.document_id).where(held).exists().label("is_replacing"),
            )
            .where(columns.space_id == space, columns.status == "pending", columns.id > after)
            .order_by(columns.id)
            .limit(limit)
        )
        return tuple(
            ProposalSummary(
                **{column.name: getattr(row, column.name) for column in shown},
                excerpts=tuple(row.excerpts),
                n_chars=row.n_chars,
                created_at=row.created_at,
                is_replacing=bool(row.is_replacing),
            )
            for row in await self._database.rows(statement)
        )

    async def count_pending(self, space: SpaceId) -> int:
        """Return how many proposals of a space wait for a decision."""
        waiting = (proposals.c.space_id == space) & (proposals.c.status == "pending")
        row = await self._database.row(select(func.count().label("n")).select_from(proposals).where(waiting))
        return int(row.n) if row is not None else 0

    async def texts(self, space: SpaceId) -> Mapping[str, tuple[str, str]]:
        """Return the name and text of the space's pending proposals, by content hash."""
        columns = proposals.c.content_hash, proposals.c.name, proposals.c.text
        waiting = (proposals.c.space_id == space) & (proposals.c.status == "pending")
        rows = await self._database.rows(select(*columns).where(waiting))
        return {row.content_hash: (row.name, row.text) for row in rows}

    async def document(self, space: SpaceId, proposal_id: int) -> NewDocument | None:
        """Return the document that approval of a proposal would store."""
        row = await self._database.row(select(proposals).where(_is(space, proposal_id)))
        return NewDocument(*(getattr(row, name) for name in _DOCUMENT)) if row is not None else None

    async def waiting_named(self, space: SpaceId, name: str) -> Proposal | None:
        """Return the pending proposal of a name, if there is one."""
        row = await self._database.row(_select(space, (proposals.c.name == name) & (proposals.c.status == "pending")))
        return _proposal(row) if row is not None else None

    async def withdraw(self, space: SpaceId, name: str) -> bool:
        """Take back what waits under a name; return whether anything did."""
        async with self._database.write() as connection:
            return await _withdraw(connection, space, name)

    async def reject(self, space: SpaceId, proposal_id: int, person: str, reason: str) -> bool:
        """Reject a proposal; ``False`` when it was decided before."""
        async with self._database.write() as connection:
            return await _decide(connection, space, proposal_id, "rejected", person, reason)

    async def approve(
        self, space: SpaceId, proposal_id: int, person: str, new: NewDocument, embedded: EmbeddedChunks
    ) -> IndexedDocument | None:
        """Approve a proposal and store its document; ``None`` when it was decided before. Atomic."""
        async with self._database.write() as connection:
            if not await _decide(connection, space, proposal_id, "approved", person, ""):
                return None
            (indexed,) = await store_documents(connection, space, [(new, embedded)])
            return indexed


_DOCUMENT: Sequence[str] = ("name", "source_hash", "title", "kind", "language", "text", "said_at")


def _columns(proposal: NewProposal) -> dict[str, Any]:
    return {name: getattr(proposal.new, name) for name in _DOCUMENT} | {
        "content_hash": proposal.new.content_hash,
        "site": proposal.site,
        "origin": proposal.origin,
        "score": proposal.score,
        "excerpts": list(proposal.excerpts),
        "proposed_by": proposal.proposed_by,
        "status": "pending",
        "reason": "",
        "created_at": datetime.now(UTC),
    }


async def _withdraw(connection: AsyncConnection, space: SpaceId, name: str) -> bool:
    """Take back the pending proposal of a name, its text included; return whether there was one."""
    waiting = (proposals.c.space_id == space) & (proposals.c.name == name) & (proposals.c.status == "pending")
    values = {"status": "withdrawn", "text": "", "excerpts": [], "decided_at": datetime.now(UTC)}
    return (await connection.execute(update(proposals).where(waiting).values(values))).rowcount > 0


async def _decide(
    connection: AsyncConnection, space: SpaceId, proposal_id: int, status: ProposalStatus, person: str, reason: str
) -> bool:
    """Set the status of a pending proposal; return whether it was pending."""
    waiting = _is(space, proposal_id) & (proposals.c.status == "pending")
    values = {"status": status, "decided_by": person, "decided_at": datetime.now(UTC), "reason": reason}
    return (await connection.execute(update(proposals).where(waiting).values(values))).rowcount == 1


async def _get(connection: AsyncConnection, space: SpaceId, proposal_id: int) -> Proposal | None:
    row = (await connection.execute(_select(space, proposals.c.id == proposal_id))).first()
    return _proposal(row) if row is not None else None


def _select(space: SpaceId, condition: ColumnElement[bool]) -> Select[Any]:
    held = (document_names.c.space_id == proposals.c.space_id) & (document_names.c.name == proposals.c.name)
    replaces = select(document_names.c.document_id).where(held).scalar_subquery()
    return select(proposals, replaces.label("replaces")).where(proposals.c.space_id == space, condition)


def _is(space: SpaceId, proposal_id: int) -> ColumnElement[bool]:
    return (proposals.c.space_id == space) & (proposals.c.id == proposal_id)


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        id=row.id,
        space=row.space_id,
        name=row.name,
        site=row.site,
        title=row.title,
        language=row.language,
        text=row.text,
        origin=row.origin,
        score=row.score,
        excerpts=tuple(row.excerpts),
        status=row.status,
        decided_by=row.decided_by,
        reason=row.reason,
        created_at=row.created_at,
        replaces=row.replaces,
    )
