"""Claims: keys of events that are handled once, however often a platform delivers them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Insert

from core.storage.engines.dialect import SqlDialect
from core.storage.schema import inbox
from core.types import SpaceId


def claim_statement(sql: SqlDialect, space: SpaceId, key: str) -> Insert:
    """Return the statement that stores ``key`` as handled in ``space``; it changes no row where it is already."""
    values = {"space_id": space, "key": key, "seen_at": datetime.now(UTC), "state": "closed"}
    new: Insert = sql.insert(inbox).values(values).on_conflict_do_nothing()
    return new
