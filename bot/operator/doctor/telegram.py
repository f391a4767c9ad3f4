"""Telegram, looked over with nothing but the token: who the bot is, and whether anything keeps updates from it.

Sources: core.telegram.org/bots/api, ``getMe``, ``getWebhookInfo``, ``getUpdates``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.operator.doctor.api import Api
from bot.operator.doctor.finding import Diagnosis, Level
from core.errors import Unavailable

API_BASE = "https://api.telegram.org"
RIVAL_WITHIN_S = 4
"""Another program that polls comes back this soon after it was sent away, and then it is our poll that ends in 409."""

_TOKEN = re.compile(r"\d+:[\w-]+")
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class TelegramAccount:
    """The bot's account. ``reads_groups``: privacy mode is off."""

    username: str
    reads_groups: bool

    @property
    def link(self) -> str:
        """Return the address that opens a chat with the bot."""
        return f"https://t.me/{self.username}"

    @property
    def group_link(self) -> str:
        """Return the address that adds the bot to a group."""
        return f"{self.link}?startgroup=true"


class TelegramCheckup:
    """Telegram as one token sees it."""

    def __init__(self, client: httpx.AsyncClient, token: str, api_base: str | None) -> None:
        self._token = token
        self._api = Api(client, f"{api_base or API_BASE}/bot{token}", {}, "doctor.telegram_unreachable")

    @property
    def skew_s(self) -> float | None:
        """Return by how many seconds this machine's clock is ahead of Telegram's, once it was asked anything."""
        return self._api.skew_s

    async def account(self) -> TelegramAccount:
        """Return whose token this is. Raises ``Unavailable`` when Telegram refuses it or cannot be reached."""
        if not _TOKEN.fullmatch(self._token):
            raise Unavailable("doctor.telegram_refused")
        me = await self._known("/getMe")
        return TelegramAccount(str(me["username"]), bool(me.get("can_read_all_group_messages")))

    async def findings(self, *, webhook: str | None, is_running: bool) -> AsyncIterator[Diagnosis]:
        """Yield what is found. Raises ``Unavailable`` as ``account`` does.

        ``webhook`` is the address AION itself would have updates sent to, if any. While AION ``is_running`` nothing is
        polled, for that would send it away; whether another program polls then is in its log.
        """
        account = await self.account()
        yield Diagnosis("ok", "telegram_ok", {"name": account.username})
        hook = await self._known("/getWebhookInfo")
        url = str(hook.get("url") or "")
        if url and url != webhook:
            level: Level = "error" if is_running else "warning"
            yield Diagnosis(level, "webhook_set", {"host": urlsplit(url).hostname or "?"})
        if not is_running and not url:
            status, _ = await self._api.get("/getUpdates", timeout=RIVAL_WITHIN_S, limit=1)
            if status == HTTPStatus.CONFLICT:
                yield Diagnosis("error", "telegram_conflict")
        if not account.reads_groups:
            yield Diagnosis("note", "privacy_on")

    async def _known(self, path: str) -> Any:
        status, body = await self._api.get(path)
        if status in _REFUSED:
            raise Unavailable("doctor.telegram_refused")
        if status != HTTPStatus.OK or not isinstance(body, dict):
            raise Unavailable("doctor.telegram_unreachable", problem=f"{path}: HTTP {status}")
        return body["result"]
