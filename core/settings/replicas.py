"""Settings of gateways and cores as processes of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from core.settings.group import SettingsGroup


class ReplicaSettings(SettingsGroup):
    """Replicas: gateways and cores as processes of their own, on one PostgreSQL database."""

    core_urls: str = Field("http://127.0.0.1:8090", alias="AION_CORE_URLS")
    """Where `aion gateway` finds the cores: addresses separated by commas, or one `http://name:port` whose name
    resolves to all of them."""
    core_host: str = Field("127.0.0.1", alias="AION_CORE_HOST")
    """The address that `aion core` listens on. `0.0.0.0`: for other machines, too; then a token is needed."""
    core_port: int = Field(8090, alias="AION_CORE_PORT", ge=0, le=65_535)
    """The port of `aion core`. 0 takes any free one."""
    core_token: SecretStr | None = Field(None, alias="AION_CORE_TOKEN")
    """The secret between gateways and cores, the same for all of them."""
    person_key: SecretStr | None = Field(None, alias="AION_PERSON_KEY")
    """The key of pseudonyms as 64 hexadecimal digits, in place of `person.key` in the data folder. All processes on
    one database need the same."""
    discord_shards: Annotated[int, Field(ge=0)] | Literal["auto"] = Field(0, alias="AION_DISCORD_SHARDS")
    """How many connections the Discord bot is split over: `auto` for as many as Discord recommends. 0: one, which
    Discord allows up to 2,500 servers."""
