"""Backups at an interval: made when due, old ones deleted, and one alert when none was made for too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.backup.schedule import BackupPolicy, BackupSchedule
from core.errors import Unavailable
from tests.backups import backups, fill

DAY = timedelta(days=1)


class HeardAlerts:
    """What the operator was told; once until it is settled."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.said: list[str] = []

    async def alert(self, subject: str, key: str, **values: str) -> None:
        if subject not in self.open:
            self.said.append(key)
        self.open.add(subject)

    async def settle(self, subject: str) -> None:
        self.open.discard(subject)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def now(self) -> datetime:
        return self.time


def scheduled(tmp_path: Path, clock: Clock, alerts: HeardAlerts, every: timedelta = DAY) -> BackupSchedule:
    keeper = backups(tmp_path / "data", tmp_path / "kept")
    return BackupSchedule(keeper, BackupPolicy(every, 2, 2 * every), alerts, clock.now)


async def test_a_backup_is_made_when_one_is_due_and_a_start_is_none(tmp_path: Path) -> None:
    await fill(tmp_path / "data", "Library")
    clock, alerts = Clock(), HeardAlerts()
    schedule = scheduled(tmp_path, clock, alerts)
    assert schedule.age() is None
    assert (await schedule.make_when_due()).startswith("aion-")
    assert (await scheduled(tmp_path, clock, alerts).make_when_due()).startswith("not due")
    clock.time += DAY / 2
    assert (await schedule.make_when_due()).startswith("not due")
    clock.time += DAY
    assert (await schedule.make_when_due()).startswith("aion-")
    assert len(list((tmp_path / "kept").iterdir())) == 2
    assert alerts.said == []


async def test_the_operator_hears_once_when_the_last_good_one_is_too_old(tmp_path: Path) -> None:
    clock, alerts = Clock(), HeardAlerts()
    schedule = scheduled(tmp_path, clock, alerts)
    for _ in range(6):  # there is nothing to back up: every try fails
        with pytest.raises(Unavailable):
            await schedule.make_when_due()
        clock.time += DAY / 2
    assert alerts.said == ["backup.too_old"]
    await fill(tmp_path / "data", "Library")
    clock.time = datetime.now(UTC)
    await schedule.make_when_due()
    assert not alerts.open


async def test_without_an_interval_none_are_made_and_nobody_is_told(tmp_path: Path) -> None:
    clock, alerts = Clock(), HeardAlerts()
    assert "AION_BACKUP_EVERY_HOURS" in await scheduled(tmp_path, clock, alerts, timedelta()).make_when_due()
    assert not (tmp_path / "kept").exists()
    assert alerts.said == []
