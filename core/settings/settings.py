"""The operator's settings, read once from the environment and ``.env``, and frozen.

Every one is described below its field (a test checks). Secrets are ``SecretStr``: they do not print.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError, model_validator

from core.dotenv_file import read_dotenv, unquoted
from core.errors import Unavailable
from core.settings.answers import AnswerSettings
from core.settings.group import SettingsGroup
from core.settings.limits import LimitSettings
from core.settings.platforms import PlatformSettings
from core.settings.replicas import ReplicaSettings
from core.settings.storage import StorageSettings
from core.settings.training import TrainingSettings
from core.settings.web import WebSettings


class Settings(
    PlatformSettings, AnswerSettings, LimitSettings, StorageSettings, WebSettings, ReplicaSettings, TrainingSettings
):
    """The operator's settings, of all subjects. Field aliases are the names of environment variables."""

    @model_validator(mode="before")
    @classmethod
    def _without_quotes(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take the quotes from around values, and leave out those that are empty without them."""
        bare = {name: unquoted(value) if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in bare.items() if value != ""}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that is set, for the log to mask."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value().strip() for value in values if isinstance(value, SecretStr))

    @property
    def dashboard_address(self) -> str:
        """Where the dashboard is reached, without a slash at the end; empty where ``aion run`` serves none."""
        if not self.health_port:
            return ""
        host = "127.0.0.1" if self.health_host in ("0.0.0.0", "::", "") else self.health_host
        written = f"[{host}]" if ":" in host else host
        return (self.public_url or f"http://{written}:{self.health_port}").rstrip("/")

    @property
    def database_address(self) -> str:
        """The address of the PostgreSQL database, with its password; empty for the SQLite file of the data folder."""
        return self.database_url.get_secret_value().strip() if self.database_url else ""

    @property
    def indexes_dir(self) -> Path:
        """Where search indexes are kept: one folder for each database, whose revisions say if they are fresh."""
        folder = self.data_dir / "indexes"
        if not self.database_address:
            return folder
        return folder / f"database-{hashlib.sha256(self.database_address.encode()).hexdigest()[:16]}"

    @property
    def models_dir(self) -> Path:
        """Where converted models are kept."""
        return self.data_dir / "models"

    @property
    def max_file_bytes(self) -> int:
        """The largest file that is read."""
        return int(self.max_file_mb * 1_000_000)

    @property
    def operators(self) -> frozenset[str]:
        """The ids of the operator's own accounts."""
        return frozenset(part.strip() for part in self.operator_ids.split(",") if part.strip())

    @property
    def fetch_allowed_hosts(self) -> frozenset[str]:
        """The private ``host:port`` pairs the operator lets pages be fetched from."""
        return frozenset(part.strip() for part in self.fetch_allow.split(",") if part.strip())


GROUPS: tuple[type[SettingsGroup], ...] = (
    PlatformSettings,
    AnswerSettings,
    LimitSettings,
    StorageSettings,
    WebSettings,
    ReplicaSettings,
    TrainingSettings,
)
"""The subjects, in the order in which they are documented."""


def read_settings() -> Settings:
    """Read the settings. Raises ``Unavailable`` naming the first one that is wrong, or why ``.env`` is not readable."""
    read_dotenv()
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise Unavailable("settings.wrong", name=name, problem=first["msg"]) from None
