"""Watches: pages, feeds, themes and folders that a space has checked regularly, and the last state of their pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from core.errors import BadInput
from core.storage.database import Database
from core.storage.delivery.webhook_outbox import post_events
from core.storage.schema import document_names, documents, proposals, watched_pages, watches
from core.storage.spaces import ensure_space
from core.types import CommunityEvent, Language, SpaceId, Watch, WatchKind

MAX_WATCHES = 50
"""The most watches that one space may have."""


@dataclass(frozen=True, slots=True)
class NewWatch:
    """A watch to be stored. ``created_by`` is a pseudonym, or ``operator``."""

    kind: WatchKind
    target: str
    language: Language
    every: timedelta
    created_by: str


@dataclass(frozen=True, slots=True)
class SeenPage:
    """The last seen state of one page: its HTTP validators, and since when each line differs from the stored text.

    ``gone_at`` is when the page was first missing, ``None`` while it is there.
    """

    name: str
    etag: str = ""
    last_modified: str = ""
    differing: Mapping[str, str] = field(default_factory=dict)
    gone_at: datetime | None = None


class Watches:
    """The watches of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, space: SpaceId, new: NewWatch) -> Watch:
        """Store a watch, due at once; one of the same target gets the new interval.

        Raises ``BadInput`` when the space has ``MAX_WATCHES``.
        """
        same = (watches.c.space_id == space) & (watches.c.kind == new.kind) & (watches.c.target == new.target)
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            values = {"every_s": int(new.every.total_seconds()), "next_at": now}
            if (await connection.execute(update(watches).where(same).values(values))).rowcount == 0:
                held = select(func.count()).select_from(watches).where(watches.c.space_id == space)
                if (await connection.execute(held)).scalar_one() >= MAX_WATCHES:
                    raise BadInput("watch.too_many", limit=MAX_WATCHES)
                values |= {"space_id": space, "kind": new.kind, "target": new.target, "created_at": now}
                values |= {"language": new.language, "created_by": new.created_by}
                await connection.execute(insert(watches).values(values))
            return _watch((await connection.execute(select(watches).where(same))).one())

    async def of(self, space: SpaceId) -> tuple[Watch, ...]:
        """Return the watches of a space, oldest first."""
        ours = select(watches).where(watches.c.space_id == space).order_by(watches.c.id)
        return tuple(map(_watch, await self._database.rows(ours)))

    async def remove(self, space: SpaceId, watch_id: int) -> Watch:
        """Delete a watch and return it; documents stay. Raises ``BadInput`` when there is none of that id."""
        this = (watches.c.space_id == space) & (watches.c.id == watch_id)
        async with self._database.write() as connection:
            row = (await connection.execute(delete(watches).where(this).returning(watches))).first()
        if row is None:
            raise BadInput("watch.unknown", number=watch_id)
        return _watch(row)

    async def due(self, now: datetime) -> tuple[Watch, ...]:
        """Return the due watches of all spaces but channels, longest overdue first. For the operator's job."""
        over = select(watches).where(watches.c.next_at <= now, watches.c.kind != "channel").order_by(watches.c.next_at)
        return tuple(map(_watch, await self._database.rows(over)))

    async def channels(self) -> tuple[Watch, ...]:
        """Return the watched channels of all spaces, oldest first. For the adapters and the operator's job."""
        ours = select(watches).where(watches.c.kind == "channel").order_by(watches.c.id)
        return tuple(map(_watch, await self._database.rows(ours)))

    async def record_check(self, watch: Watch, error: str) -> None:
        """Record that a watch was checked now, with the error key of a failed check, and schedule the next."""
        now = datetime.now(UTC)
        values = {"looked_at": now, "next_at": now + watch.every, "error": error}
        async with self._database.write() as connection:
            await connection.execute(update(watches).where(watches.c.id == watch.id).values(values))
            if error and error != watch.error:
                data = {"number": watch.id, "kind": watch.kind, "target": watch.target, "problem": error}
                await post_events(connection, watch.space, [CommunityEvent("source.failing", data)])

    async def pages(self, watch: Watch) -> Mapping[str, SeenPage]:
        """Return the last seen state of a watch's pages, by name."""
        rows = await self._database.rows(select(watched_pages).where(watched_pages.c.watch_id == watch.id))
        return {row.name: SeenPage(row.name, row.etag, row.last_modified, row.differing, row.gone_at) for row in rows}

    async def record_pages(self, watch: Watch, *pages: SeenPage) -> None:
        """Store the state of pages as seen now; nothing for a watch that was removed meanwhile."""
        async with self._database.write() as connection:
            known = select(watches.c.id).where(watches.c.id == watch.id)
            if (await connection.execute(known)).first() is None:
                return
            for page in pages:
                this = (watched_pages.c.watch_id == watch.id) & (watched_pages.c.name == page.name)
                values = {
                    "etag": page.etag,
                    "last_modified": page.last_modified,
                    "differing": dict(page.differing),
                    "gone_at": page.gone_at,
                    "seen_at": datetime.now(UTC),
                }
                if (await connection.execute(update(watched_pages).where(this).values(values))).rowcount == 0:
                    new = insert(watched_pages).values(watch_id=watch.id, name=page.name, **values)
                    await connection.execute(new)

    async def vanished(self, watch: Watch) -> tuple[str, ...]:
        """Return the names of the watch's pages that are gone and whose document was stored after the watch was made.

        What was stored before was put in by hand, and is nobody's to remove.
        """
        of_watch = (watched_pages.c.watch_id == watch.id) & watched_pages.c.gone_at.is_not(None)
        names = (
            select(watched_pages.c.name)
            .join(watches, watches.c.id == watched_pages.c.watch_id)
            .join(
                document_names,
                (document_names.c.name == watched_pages.c.name) & (document_names.c.space_id == watches.c.space_id),
            )
            .join(documents, documents.c.id == document_names.c.document_id)
            .where(of_watch & (documents.c.created_at >= watches.c.created_at))
            .order_by(watched_pages.c.name)
        )
        return tuple(row.name for row in await self._database.rows(names))

    async def latest_text(self, space: SpaceId, name: str) -> str | None:
        """Return the newest text under a name among a space's documents and proposals, whatever their status."""
        ours = (document_names.c.space_id == space) & (document_names.c.name == name)
        of_documents = (
            select(documents.c.text, documents.c.updated_at.label("at"))
            .join(document_names, document_names.c.document_id == documents.c.id)
            .where(ours)
        )
        proposed = (proposals.c.space_id == space) & (proposals.c.name == name)
        of_proposals = select(proposals.c.text, proposals.c.created_at.label("at")).where(proposed)
        rows = [*await self._database.rows(of_documents), *await self._database.rows(of_proposals)]
        return str(max(rows, key=lambda row: row.at).text) if rows else None


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        id=row.id,
        space=row.space_id,
        kind=row.kind,
        target=row.target,
        language=row.language,
        every=timedelta(seconds=row.every_s),
        created_by=row.created_by,
        next_at=row.next_at,
        looked_at=row.looked_at,
        error=row.error,
    )
