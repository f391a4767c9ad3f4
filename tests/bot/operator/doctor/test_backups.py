"""The doctor says when no backups are made, when there is none, and when the last is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.operator.doctor.backups import backup_findings
from core.backup.schedule import BackupPolicy
from core.types import LANGUAGES
from tests.backups import backups

DAY = timedelta(days=1)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "names", "level", "key"),
    [
        (timedelta(), [], "note", "no_backup"),
        (DAY, [], "warning", "backup_missing"),
        (DAY, ["aion-20260127-000000Z.tar.zst"], "warning", "backup_old"),
        (DAY, ["aion-20260127-000000Z.tar.zst", "aion-20260131-000000Z.tar.zst.age"], "ok", "backup_ok"),
    ],
)
def test_each_state_has_its_sentence(tmp_path: Path, every: timedelta, names: list[str], level: str, key: str) -> None:
    for name in names:
        (tmp_path / name).touch()
    (found,) = backup_findings(BackupPolicy(every, 7, 2 * every), backups(tmp_path, tmp_path), NOW)
    assert (found.level, found.key) == (level, key)
    assert all(found.sentence(language) for language in LANGUAGES)


def test_a_place_that_cannot_be_reached_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (found,) = backup_findings(BackupPolicy(DAY, 7, 2 * DAY), backups(tmp_path, tmp_path / "file"), NOW)
    assert (found.level, found.key) == ("warning", "backup.unusable")
