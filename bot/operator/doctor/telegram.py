"""Diagnostics of Telegram by the bot's token: account, privacy mode, webhook, other programs that poll.

Source: core.telegram.org/bots/api, ``getMe``, ``getWebhookInfo``, ``getUpdates``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.operator.doctor.diagnosis import Diagnosis, Level
from bot.operator.doctor.http_api import HttpApi, reading
from core.errors import Unavailable

API_BASE = "https://api.telegram.org"
POLL_S = 4
"""Seconds of the test poll: another program polls again within them, which ends the test poll with a 409."""

_TOKEN = re.compile(r"\d+:[\w-]+")
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class TelegramAccount:
    """The account of the token. ``reads_groups``: privacy mode is off."""

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
    """The checks of one Telegram token; an ``api_base`` of ``None`` is Telegram's own."""

    def __init__(self, client: httpx.AsyncClient, token: str, api_base: str | None) -> None:
        self._token = token
        self._api = HttpApi(client, f"{api_base or API_BASE}/bot{token}", {}, "doctor.telegram_unreachable")

    @property
    def skew_s(self) -> float | None:
        """Return the seconds this machine's clock is ahead of Telegram's, ``None`` before the first request."""
        return self._api.skew_s

    async def account(self) -> TelegramAccount:
        """Return the account of the token. Raises ``Unavailable`` when Telegram refuses it or cannot be reached."""
        if not _TOKEN.fullmatch(self._token):
            raise Unavailable("doctor.telegram_refused")
        me = await self._get("/getMe")
        with reading("Telegram"):
            return TelegramAccount(str(me["username"]), bool(me.get("can_read_all_group_messages")))

    async def findings(self, *, webhook: str | None, is_running: bool) -> AsyncIterator[Diagnosis]:
        """Yield every diagnosis. Raises as ``account``.

        ``webhook`` is the address AION itself registers, if any. While AION ``is_running`` there is no test poll, which
        would end AION's own; its log then tells whether another program polls.
        """
        account = await self.account()
        yield Diagnosis("ok", "telegram_ok", {"name": account.username})
        info = await self._get("/getWebhookInfo")
        url = str(info.get("url") or "")
        if url and url != webhook:
            level: Level = "error" if is_running else "warning"
            yield Diagnosis(level, "webhook_set", {"host": urlsplit(url).hostname or "?"})
        if not is_running and not url:
            status, _ = await self._api.get("/getUpdates", timeout=POLL_S, limit=1)
            if status == HTTPStatus.CONFLICT:
                yield Diagnosis("error", "telegram_conflict")
        if not account.reads_groups:
            yield Diagnosis("note", "privacy_on")

    async def _get(self, path: str) -> Any:
        status, body = await self._api.get(path)
        if status in _REFUSED:
            raise Unavailable("doctor.telegram_refused")
        if status != HTTPStatus.OK or not isinstance(body, dict):
            raise Unavailable("doctor.telegram_unreachable", problem=f"{path}: HTTP {status}")
        return body.get("result")
