"""Diagnostics of backups: whether any are made by themselves, and how old the last one is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.operator.doctor.diagnosis import Diagnosis
from core.backup.backups import Backups
from core.backup.schedule import BackupPolicy
from core.errors import UserError


def backup_findings(policy: BackupPolicy, backups: Backups, now: datetime) -> Iterator[Diagnosis]:
    """Yield that no backups are scheduled, or how old the last one is. Blocks: looks at the place they are kept in."""
    if not policy.every:
        yield Diagnosis("note", "no_backup")
        return
    try:
        latest = backups.latest()
    except UserError as error:
        yield Diagnosis.of(error, "warning")
        return
    place = backups.place.address
    if latest is None:
        yield Diagnosis("warning", "backup_missing", {"place": place})
        return
    values = {"place": place, "hours": (now - latest).total_seconds() / 3600}
    yield (
        Diagnosis("warning", "backup_old", values)
        if now - latest > policy.max_age
        else Diagnosis("ok", "backup_ok", values)
    )
