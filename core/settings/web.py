"""Settings of what AION serves over HTTP, and of its log."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from core.settings.group import SettingsGroup


class WebSettings(SettingsGroup):
    """Web and log: the port of health, dashboard and programs, who may use it, and how the log is written."""

    health_port: int = Field(0, alias="AION_HEALTH_PORT", ge=0, le=65_535)
    """The port of `/health`, `/metrics`, `/dashboard` and `/v1` while `aion run` runs. 0: none (the compose file sets
    one)."""
    health_host: str = Field("127.0.0.1", alias="AION_HEALTH_HOST")
    """The address that port listens on. `0.0.0.0`: for other machines, too."""
    public_url: str | None = Field(None, alias="AION_PUBLIC_URL", pattern=r"^https?://[^/?#\s]+/?$")
    """The address at which people reach that port, for the links of `/dashboard` (`https://aion.example.org`). Empty:
    this machine's own."""
    admin_token: SecretStr | None = Field(None, alias="AION_ADMIN_TOKEN")
    """Opens review over HTTP beside `/health`, with `Authorization: Bearer …`: `GET /admin/review?space=…`,
    `POST /admin/review/3/approve?space=…` and `…/reject`."""
    metrics_token: SecretStr | None = Field(None, alias="AION_METRICS_TOKEN")
    """What Prometheus must send as `Authorization: Bearer …`. Without it `/metrics` is served to this machine alone."""
    log_format: Literal["text", "json"] = Field("text", alias="AION_LOG_FORMAT")
    """`json`: one object a line, with `time`, `level`, `logger`, `message`, `request`, `error`."""
    otlp_endpoint: str | None = Field(None, alias="AION_OTLP_ENDPOINT", pattern=r"^https?://[^\s?#@]+$")
    """An OpenTelemetry collector (OTLP over HTTP, `http://127.0.0.1:4318`): the steps of each request are sent there as
    spans, with the request's id and nobody's words. Needs the packages of `aion-memory[otel]`."""
