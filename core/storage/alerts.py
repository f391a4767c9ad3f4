"""The last alert raised about each subject, so that the same alert is not raised twice in a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update

from core.storage.database import Database
from core.storage.schema import alerts


class LastAlerts:
    """The last alert about each subject, such as ``worker:colab``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Mapping[str, tuple[str, Mapping[str, str]]]:
        """Return the catalogue key and the values of each subject's last alert."""
        rows = await self._database.rows(select(alerts))
        return {row.subject: (row.key, row.values) for row in rows}

    async def raise_once(self, subject: str, key: str, values: Mapping[str, str]) -> bool:
        """Store an alert and return ``True``; ``False`` when the subject's last alert has the same ``key`` already."""
        stored = {"key": key, "values": dict(values), "raised_at": datetime.now(UTC)}
        ours = alerts.c.subject == subject
        async with self._database.write() as connection:
            last = (await connection.execute(select(alerts.c.key).where(ours))).scalar_one_or_none()
            if last == key:
                return False
            if last is None:
                await connection.execute(insert(alerts).values(subject=subject, **stored))
            else:
                await connection.execute(update(alerts).where(ours).values(stored))
            return True

    async def forget(self, subject: str) -> None:
        """Delete the last alert about a subject, so that the next one is new."""
        await self._database.write_all([delete(alerts).where(alerts.c.subject == subject)])
