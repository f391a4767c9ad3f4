"""Settings of the chat platforms."""

from __future__ import annotations

from pydantic import Field, SecretStr

from core.settings.group import SettingsGroup


class PlatformSettings(SettingsGroup):
    """Chat platforms: the bots, who moderates, and how platforms are reached."""

    discord_token: SecretStr | None = Field(None, alias="DISCORD_TOKEN")
    """The token of your Discord bot. `aion run` starts Discord where it is set."""
    telegram_token: SecretStr | None = Field(None, alias="TELEGRAM_TOKEN")
    """The token of your Telegram bot. `aion run` starts Telegram where it is set."""
    moderator_role: str | None = Field(None, alias="AION_MODERATOR_ROLE")
    """A Discord role that may teach, beside members with *Manage Server*."""
    operator_ids: str = Field("", alias="AION_OPERATOR_IDS")
    """Your own accounts, as `discord:123,telegram:456`: they moderate their private chats, without a limit."""
    discord_client_id: str | None = Field(None, alias="AION_DISCORD_CLIENT_ID", pattern="^[0-9]{1,20}$")
    """The application's client id: with its secret, moderators may sign in to the dashboard by Discord. Its redirect
    there is the dashboard's address with `/dashboard/sign-in/discord/done`."""
    discord_client_secret: SecretStr | None = Field(None, alias="AION_DISCORD_CLIENT_SECRET")
    """The application's client secret."""
    telegram_login: bool = Field(False, alias="AION_TELEGRAM_LOGIN")
    """`yes`: moderators may sign in to the dashboard by Telegram. @BotFather must be told its domain (`/setdomain`)."""
    deaf_after_s: float = Field(180.0, alias="AION_DEAF_AFTER_S", gt=0)
    """Seconds without a word from a platform after which its connection is made anew. After three times AION exits,
    for its supervisor to start it again."""
    telegram_webhook_url: str | None = Field(None, alias="AION_TELEGRAM_WEBHOOK_URL", pattern="^https?://")
    """The public https address that Telegram brings updates to. Without it AION asks for them, which needs none."""
    telegram_webhook_host: str = Field("127.0.0.1", alias="AION_TELEGRAM_WEBHOOK_HOST")
    """Where the webhook listens, behind the proxy that holds the certificate."""
    telegram_webhook_port: int = Field(8443, alias="AION_TELEGRAM_WEBHOOK_PORT", ge=1, le=65_535)
    """The port of the webhook."""
    discord_api_base: str | None = Field(None, alias="DISCORD_API_BASE")
    """Another host for Discord's API: a proxy."""
    discord_gateway_url: str | None = Field(None, alias="DISCORD_GATEWAY_URL")
    """Another host for Discord's gateway: a proxy."""
    telegram_api_base: str | None = Field(None, alias="TELEGRAM_API_BASE")
    """Another host for Telegram's API: a proxy, or a Bot API server of your own."""
