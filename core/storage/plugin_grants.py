"""Which plugins a space's moderators enabled, and the code that each was when they did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select

from core.storage.database import Database
from core.storage.schema import plugin_grants
from core.storage.spaces import ensure_space
from core.types import SpaceId


class PluginGrants:
    """The plugins that are enabled in each space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, space: SpaceId) -> Mapping[str, str]:
        """Return the digest of every plugin enabled in a space, by name."""
        wanted = select(plugin_grants.c.plugin, plugin_grants.c.digest).where(plugin_grants.c.space_id == space)
        return {row.plugin: row.digest for row in await self._database.rows(wanted)}

    async def names(self) -> frozenset[str]:
        """Return every plugin that is enabled in any space."""
        return frozenset(row.plugin for row in await self._database.rows(select(plugin_grants.c.plugin).distinct()))

    async def spaces(self, plugin: str, digest: str) -> tuple[SpaceId, ...]:
        """Return the spaces in which a plugin's code is enabled."""
        this = and_(plugin_grants.c.plugin == plugin, plugin_grants.c.digest == digest)
        rows = await self._database.rows(select(plugin_grants.c.space_id).where(this).order_by("space_id"))
        return tuple(SpaceId(row.space_id) for row in rows)

    async def grant(self, space: SpaceId, plugin: str, digest: str) -> None:
        """Enable a plugin's code in a space."""
        values = {"space_id": space, "plugin": plugin, "digest": digest, "granted_at": datetime.now(UTC)}
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            await connection.execute(delete(plugin_grants).where(_this(space, plugin)))
            await connection.execute(insert(plugin_grants).values(values))

    async def revoke(self, space: SpaceId, plugin: str) -> None:
        """Disable a plugin in a space."""
        await self._database.write_all([delete(plugin_grants).where(_this(space, plugin))])


def _this(space: SpaceId, plugin: str) -> ColumnElement[bool]:
    return and_(plugin_grants.c.space_id == space, plugin_grants.c.plugin == plugin)
