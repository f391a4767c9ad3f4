"""Backups of a data folder, as the settings say: where to, how often, for whom encrypted."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.backup.backups import Backups
from core.backup.contents import public_settings
from core.backup.encryption import require_recipient
from core.backup.places import BackupPlace, FolderPlace
from core.backup.s3_place import S3Place, is_s3
from core.backup.schedule import BackupAlerts, BackupPolicy, BackupSchedule
from core.backup.snapshot import DatabaseSnapshot
from core.backup.sqlite_snapshot import SqliteSnapshot
from core.dotenv_file import read_dotenv
from core.settings import Settings

FOLDER = "backups"
"""Folder in the data folder that takes backups where no other place is named."""


def open_snapshot(settings: Settings) -> DatabaseSnapshot:
    """Return how the database is copied. Raises ``Unavailable`` when what should be its address is none."""
    if settings.database_address:
        from core.backup.postgres_snapshot import PostgresSnapshot  # loads what only a server needs

        return PostgresSnapshot(settings.data_dir, settings.database_address)
    return SqliteSnapshot(settings.data_dir)


def open_place(address: str) -> BackupPlace:
    """Return the place ``address``: a folder, or ``s3://bucket/prefix``. Raises ``BadInput`` on a wrong one."""
    if is_s3(address):
        return S3Place(address, {**read_dotenv(), **os.environ})
    return FolderPlace(Path(address).expanduser())


def open_backups(settings: Settings, address: str = "", recipient: str = "") -> Backups:
    """Return the backups of a data folder; ``address`` and ``recipient`` win over the settings.

    Raises ``BadInput`` when either is none.
    """
    recipient = recipient.strip() or settings.backup_recipient.strip()
    if recipient:
        require_recipient(recipient)
    place = open_place(address or settings.backup_to or str(settings.data_dir / FOLDER))
    return Backups(settings.data_dir, open_snapshot(settings), public_settings(settings), place, recipient)


def backup_policy(settings: Settings) -> BackupPolicy:
    """Return how often backups are made, how many are kept, and when the last is too old."""
    every = timedelta(hours=settings.backup_every_hours)
    max_age = timedelta(hours=settings.backup_alert_hours) or 2 * every
    return BackupPolicy(every, settings.backup_keep, max_age)


def open_schedule(settings: Settings, alerts: BackupAlerts) -> BackupSchedule:
    """Return the schedule of backups. Raises ``BadInput`` as ``open_backups`` does."""
    return BackupSchedule(open_backups(settings), backup_policy(settings), alerts, lambda: datetime.now(UTC))
