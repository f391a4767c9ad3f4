"""Diagnostics of Discord by the bot's token: account, gateway, intents, permissions by server, commands.

Read-only, and never identifies to the gateway, so a running AION is not disturbed. Whether another program uses the
token cannot be seen. Sources: discord.com/developers, "Application flags", "Get Gateway Bot", "Permission overwrites".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from bot.operator.doctor.diagnosis import Diagnosis
from bot.operator.doctor.http_api import TIMEOUT_S, HttpApi, reading
from core.errors import Unavailable

API_BASE = "https://discord.com/api/v10"
MAX_GUILDS = 25
"""Servers whose channels are checked one by one; of the others only the server-wide permissions are."""

REVIEWED_USERS = 10_000
"""Users from which Discord reviews a bot's privileged intents, since 10 June 2026 (docs.discord.com)."""

NEAR_REVIEW = 7_500
"""Users from which that is reported: a review takes weeks."""

_CONTENT_INTENT = 1 << 18 | 1 << 19
_ADMINISTRATOR = 1 << 3
_REQUIRED = {1 << 10: "View Channels", 1 << 11: "Send Messages", 1 << 16: "Read Message History"}
_ALL = sum(_REQUIRED)
_TEXT_CHANNELS = (0, 5)
_HELLO = 10
_MAX_NAMES = 5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DiscordAccount:
    """The account of the token. ``reads_messages``: the message content intent is on."""

    id: str
    application_id: str
    name: str
    reads_messages: bool

    @property
    def invite_link(self) -> str:
        """Return the address that adds the bot to a server, with the permissions it needs."""
        import discord

        from bot.adapters.discord.client import PERMISSIONS

        scopes = ("bot", "applications.commands")
        return discord.utils.oauth_url(int(self.application_id), permissions=PERMISSIONS, scopes=scopes)


class DiscordCheckup:
    """The checks of one Discord token; ``None`` for an address: Discord's own."""

    def __init__(self, client: httpx.AsyncClient, token: str, api_base: str | None, gateway_url: str | None) -> None:
        headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (AION, 1)"}
        self._api = HttpApi(client, api_base or API_BASE, headers, "doctor.discord_unreachable")
        self._gateway_url = gateway_url

    @property
    def skew_s(self) -> float | None:
        """Return the seconds this machine's clock is ahead of Discord's, ``None`` before the first request."""
        return self._api.skew_s

    async def account(self) -> DiscordAccount:
        """Return the account of the token. Raises ``Unavailable`` when Discord refuses it or cannot be reached."""
        me, application = await self._get("/users/@me"), await self._get("/applications/@me")
        with reading("Discord"):
            reads_messages = bool(application.get("flags", 0) & _CONTENT_INTENT)
            application_id = str(int(application["id"]))
            return DiscordAccount(str(me["id"]), application_id, str(me["username"]), reads_messages)

    async def findings(self, commands: Sequence[str]) -> AsyncIterator[Diagnosis]:
        """Yield every diagnosis; ``commands`` are the names that should be registered. Raises as ``account``."""
        account = await self.account()
        guilds: list[Json] = await self._get("/users/@me/guilds", with_counts="true")
        yield Diagnosis("ok", "discord_ok", {"name": account.name, "n_guilds": len(guilds)})
        try:
            await self._require_gateway()
        except Unavailable as error:
            yield Diagnosis.of(error)
        if not account.reads_messages:
            yield Diagnosis("warning", "content_intent_off")
        if (n_users := sum(int(guild.get("approximate_member_count") or 0) for guild in guilds)) >= NEAR_REVIEW:
            yield Diagnosis("warning", "near_review", {"n_users": n_users, "limit": REVIEWED_USERS})
        if not guilds:
            yield Diagnosis("warning", "no_guilds", {"link": account.invite_link})
        for n, guild in enumerate(guilds):
            if finding := await self._guild_finding(guild, account, with_channels=n < MAX_GUILDS):
                yield finding
        shown = {command["name"] for command in await self._get(f"/applications/{account.application_id}/commands")}
        if missing := [name for name in commands if name not in shown]:
            names = ", ".join(f"/{name}" for name in missing)
            yield Diagnosis("warning", "commands_missing", {"commands": names, "link": account.invite_link})

    async def _get(self, path: str, **parameters: str) -> Any:
        status, body = await self._api.get(path, **parameters)
        if status == HTTPStatus.UNAUTHORIZED:
            raise Unavailable("doctor.discord_refused")
        if status != HTTPStatus.OK:
            raise Unavailable("doctor.discord_unreachable", problem=f"{path}: HTTP {status}")
        return body

    async def _require_gateway(self) -> None:
        """Open the gateway and wait for its Hello (opcode 10). Raises ``Unavailable`` when none comes."""
        import aiohttp

        gateway = await self._get("/gateway/bot")
        limit = gateway.get("session_start_limit", {})
        if limit.get("remaining", 1) == 0:
            wait_min = limit.get("reset_after", 0) // 60_000 + 1
            raise Unavailable("doctor.sessions_spent", wait_min=wait_min)
        url = f"{self._gateway_url or gateway['url']}?v=10&encoding=json"
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                aiohttp.ClientSession(trust_env=True) as session,
                session.ws_connect(url) as socket,
            ):
                hello = await socket.receive_json()
        except (aiohttp.ClientError, OSError, TypeError, ValueError) as error:  # TimeoutError is an OSError
            raise Unavailable("doctor.gateway_refused", problem=type(error).__name__) from None
        if hello.get("op") != _HELLO:
            raise Unavailable("doctor.gateway_refused", problem=f"op {hello.get('op')}")

    async def _guild_finding(self, guild: Json, account: DiscordAccount, *, with_channels: bool) -> Diagnosis | None:
        """Return the diagnosis of a server in whose channels the bot lacks permissions; ``None`` when it lacks none."""
        base = int(guild["permissions"])
        if base & _ADMINISTRATOR:
            return None
        values: Json = {"guild": guild["name"]}
        lacking = [name for bit, name in _REQUIRED.items() if not base & bit]
        if not with_channels:
            return Diagnosis("error", "guild_mute", {**values, "permissions": ", ".join(lacking)}) if lacking else None
        member = await self._get(f"/guilds/{guild['id']}/members/{account.id}")
        channels = await self._get(f"/guilds/{guild['id']}/channels")
        text_channels = [channel for channel in channels if channel["type"] in _TEXT_CHANNELS]
        ids = {account.id, *member["roles"]}
        mute = [
            channel for channel in text_channels if _permissions(channel, guild["id"], ids, account.id, base) != _ALL
        ]
        if not mute:
            return None
        if len(mute) == len(text_channels):
            return Diagnosis("error", "guild_mute", {**values, "permissions": ", ".join(lacking or _REQUIRED.values())})
        names = ", ".join(f"#{channel['name']}" for channel in mute[:_MAX_NAMES])
        more = "" if len(mute) <= _MAX_NAMES else " …"
        return Diagnosis("warning", "channels_mute", {**values, "channels": names + more, "n_channels": len(mute)})


def _permissions(channel: Json, guild_id: str, ids: set[str], me: str, base: int) -> int:
    """Return the required permissions the bot has in a channel: overwrites of @everyone, then roles, then its own."""
    overwrites = {overwrite["id"]: overwrite for overwrite in channel.get("permission_overwrites", [])}
    for group in ({guild_id}, ids - {me}, {me}):
        chosen = [overwrites[each] for each in group if each in overwrites]
        for overwrite in chosen:
            base &= ~int(overwrite["deny"])
        for overwrite in chosen:
            base |= int(overwrite["allow"])
    return base & _ALL
