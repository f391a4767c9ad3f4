"""How the text of each document changed: when, and by how many lines. Earlier texts are not kept.

A version belongs to a name, as the text under a name is what changes, and goes with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.schema import document_names, document_versions
from core.types import SpaceId

N_KEPT = 20
"""Versions that are kept of a name, the newest."""


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A text that replaced another under ``name``: its characters, lines that came and lines that went."""

    name: str
    n_chars: int
    n_added: int
    n_removed: int
    stored_at: datetime


class DocumentVersions:
    """The versions of every space's documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, space: SpaceId, document_id: int, limit: int) -> tuple[DocumentVersion, ...]:
        """Return the newest ``limit`` versions of a document of the space, the newest first."""
        columns, names = document_versions.c, document_names.c
        theirs = (names.space_id == columns.space_id) & (names.name == columns.name)
        rows = await self._database.rows(
            select(document_versions)
            .join(document_names, theirs)
            .where(columns.space_id == space, names.document_id == document_id)
            .order_by(columns.id.desc())
            .limit(limit)
        )
        return tuple(DocumentVersion(row.name, row.n_chars, row.n_added, row.n_removed, row.stored_at) for row in rows)


async def note_version(connection: AsyncConnection, space: SpaceId, name: str, before: str, after: str) -> None:
    """Record within a transaction that the text ``after`` replaced ``before`` under a name. Linear in both."""
    old, new = Counter(_lines(before)), Counter(_lines(after))
    columns = document_versions.c
    ours = (columns.space_id == space) & (columns.name == name)
    values = {
        "space_id": space,
        "name": name,
        "n_chars": len(after),
        "n_added": (new - old).total(),
        "n_removed": (old - new).total(),
        "stored_at": datetime.now(UTC),
    }
    await connection.execute(insert(document_versions).values(values))
    newest = select(columns.id).where(ours).order_by(columns.id.desc()).offset(N_KEPT).limit(1)
    if (oldest := (await connection.execute(newest)).scalar()) is not None:
        await connection.execute(delete(document_versions).where(ours, columns.id <= oldest))


def _lines(text: str) -> Sequence[str]:
    return [stripped for line in text.splitlines() if (stripped := line.strip())]
