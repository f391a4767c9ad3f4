"""Backups at an interval: made when due, old ones deleted, and an alert when the last good one is too old.

The place itself tells when the last one was made, by whomever: ``aion backup`` counts as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from core.backup.backups import Backups
from core.errors import UserError
from core.offload import offload

log = logging.getLogger(__name__)

SUBJECT = "backup"


class BackupAlerts(Protocol):
    """Tells the operator (``core.ops.alerts.OperatorAlerts``)."""

    async def alert(self, subject: str, key: str, **values: str) -> None:
        """Send an alert, once until ``settle``."""
        ...

    async def settle(self, subject: str) -> None:
        """Note that a subject is well."""
        ...


@dataclass(frozen=True, slots=True)
class BackupPolicy:
    """A backup ``every`` so often (zero: none), ``n_kept`` of them; one older than ``max_age`` raises an alert."""

    every: timedelta
    n_kept: int
    max_age: timedelta


@dataclass(slots=True)
class BackupSchedule:
    """Makes the backups of ``backups`` by a policy. ``latest``: when the last good one was made, as seen last."""

    backups: Backups
    policy: BackupPolicy
    alerts: BackupAlerts
    now: Callable[[], datetime]
    latest: datetime | None = field(default=None, init=False)
    started_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Note when this process began: without any backup, age counts from there."""
        self.started_at = self.now()

    async def make_when_due(self) -> str:
        """Make a backup if one is due, delete old ones, and return a line on it; alert when the last is too old.

        Raises ``UserError`` when it cannot be made, once the alert is sent.
        """
        if not self.policy.every:
            return "AION_BACKUP_EVERY_HOURS is 0: no backups are made"
        try:
            return await self._make()
        finally:
            await self._judge()

    def age(self) -> timedelta | None:
        """Return how old the last good backup is; ``None`` when none was seen yet."""
        return self.now() - self.latest if self.latest else None

    async def _make(self) -> str:
        self.latest = await offload(self.backups.latest)
        if self.latest and self.now() - self.latest < self.policy.every:
            return f"not due: the last one is {self.backups.place.address}'s of {self.latest:%Y-%m-%d %H:%M}"
        made = await offload(self.backups.make, lambda n_bytes: lambda n_done: None)
        self.latest = made.made_at
        try:
            n_deleted = await offload(self.backups.prune, self.policy.n_kept)
        except UserError as error:
            log.warning("old backups could not be deleted: %s", error)
            n_deleted = 0
        return f"{made.name} is in {made.place}; {n_deleted} old ones are deleted"

    async def _judge(self) -> None:
        age = self.now() - (self.latest or self.started_at)
        if age <= self.policy.max_age:
            return await self.alerts.settle(SUBJECT)
        since = f"{self.latest.astimezone(UTC):%Y-%m-%d %H:%M}" if self.latest else "–"
        await self.alerts.alert(SUBJECT, "backup.too_old", place=self.backups.place.address, since=since)
