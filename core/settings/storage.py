"""Settings of where everything is kept, backed up and erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, field_validator

from core.settings.group import SettingsGroup
from core.settings.home import with_home


class StorageSettings(SettingsGroup):
    """Storage: the data folder, the database, backups, and how long answers are kept."""

    data_dir: Path = Field(Path("data"), alias="AION_DATA_DIR")
    """Where all state lives: database, indexes, converted models. One process holds it; commands are handed over to
    it."""
    database_url: SecretStr | None = Field(None, alias="AION_DATABASE_URL")
    """`postgresql://user:password@host:5432/database?sslmode=require` keeps everything in PostgreSQL with pgvector.
    Empty: in a SQLite file of the data folder."""
    database_budget_mb: float = Field(0.0, alias="AION_DATABASE_BUDGET_MB", ge=0)
    """How large the database may grow, in megabytes, for `aion doctor` to warn before it does (Supabase's free plan:
    500). 0: no limit."""
    backup_every_hours: float = Field(0.0, alias="AION_BACKUP_EVERY_HOURS", ge=0)
    """How often a backup is made while AION runs. 0: never."""
    backup_keep: int = Field(7, alias="AION_BACKUP_KEEP", ge=1)
    """How many backups are kept."""
    backup_to: str = Field("", alias="AION_BACKUP_TO")
    """A folder, best on another disk, or `s3://bucket/prefix`, opened with `AWS_ACCESS_KEY_ID`,
    `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, and `AWS_ENDPOINT_URL` for anything but Amazon. Empty: `backups` in the data
    folder."""
    backup_recipient: str = Field("", alias="AION_BACKUP_RECIPIENT", pattern=r"^\s*(age1[a-z0-9]+)?\s*$")
    """A public key of [age](https://age-encryption.org) that backups are encrypted to."""
    backup_alert_hours: float = Field(0.0, alias="AION_BACKUP_ALERT_HOURS", ge=0)
    """After so many hours without a good backup the operator is told. 0: twice the interval."""
    keep_answers_days: int = Field(0, alias="AION_KEEP_ANSWERS_DAYS", ge=0)
    """Answers older than so many days are erased every day (a community may set fewer), with their ratings and the
    lines of exports made of them; `aion jobs` shows the receipts. 0: they are kept."""

    @field_validator("data_dir", mode="before")
    @classmethod
    def _folder_at_home(cls, value: Any) -> Any:
        return with_home(value)
