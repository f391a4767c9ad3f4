"""Telegram: private chats, groups and topics, commands in its menu, thumbs under answers.

Long polling on python-telegram-bot, or a webhook. Every update is handled in a task of its own, so that a slow answer
keeps nobody waiting. Does not cover inline mode.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Coroutine
from contextlib import aclosing
from functools import partial
from typing import Any

from telegram import Bot, Update
from telegram.error import BadRequest, InvalidToken
from telegram.request import HTTPXRequest

from bot.adapters.telegram.commands import publish_menus
from bot.adapters.telegram.handlers import Timing, UpdateHandlers
from bot.adapters.telegram.polling import PollingStatus, PollRequest, persist, updates_of
from bot.adapters.telegram.webhook import Webhook
from core.errors import Unavailable
from core.ports import AdapterApi

log = logging.getLogger(__name__)

API_BASE = "https://api.telegram.org"
MAX_UPDATES = 512
"""Updates handled at a time; beyond it Telegram keeps the rest until one is done."""

_TOKEN = re.compile(r"\d+:[\w-]+")
_LOGS_ADDRESSES = ("httpx", "httpcore", "telegram")
_LOGS_TWICE = "telegram.request.BaseRequest"


class TelegramAdapter:
    """AION on Telegram. ``api_base`` is a Bot API server's address without the token, for one's own or a test's."""

    def __init__(
        self,
        front: AdapterApi,
        token: str,
        api_base: str | None = None,
        timing: Timing | None = None,
        webhook: Webhook | None = None,
    ) -> None:
        self._front = front
        self._token = token
        self._api_base = (api_base or API_BASE).rstrip("/")
        self._timing = timing or Timing()
        self._webhook = webhook
        self._slots = asyncio.Semaphore(MAX_UPDATES)
        self._tasks: set[asyncio.Task[None]] = set()
        self._untaken: set[asyncio.Future[None]] = set()
        self._hearing = PollingStatus()

    @property
    def heard_at_s(self) -> float | None:
        """Return when a poll was last answered, if one ever was, on ``time.monotonic``'s clock."""
        return self._hearing.at_s

    async def run(self) -> None:
        """Serve until cancelled, through any outage; then finish what is being written, for a few seconds.

        Raises ``Unavailable`` when Telegram refuses the token, now or later.
        """
        bot = self._connect()
        try:
            await self._serve(bot)
        except InvalidToken:
            raise Unavailable("telegram.bad_token") from None  # the library's own message quotes the token
        finally:
            await bot.shutdown()

    def _connect(self) -> Bot:
        if not _TOKEN.fullmatch(self._token):
            raise Unavailable("telegram.bad_token")
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # else every flood ban is also a deprecation warning
        for name in _LOGS_ADDRESSES:  # their messages below a warning hold addresses, and those hold the token
            logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(_LOGS_TWICE).setLevel(logging.CRITICAL)  # with a traceback, what is raised and logged here
        return Bot(
            self._token,
            base_url=f"{self._api_base}/bot",
            base_file_url=f"{self._api_base}/file/bot",
            request=HTTPXRequest(
                connection_pool_size=256, read_timeout=20, write_timeout=20, connect_timeout=10, pool_timeout=30
            ),
            get_updates_request=PollRequest(connection_pool_size=1, read_timeout=10, connect_timeout=10),
        )

    async def _serve(self, bot: Bot) -> None:
        patience = self._timing.patience
        await persist(bot.initialize, patience, "getMe")
        _introduce(bot)
        self._start(self._publish(bot))
        reception = UpdateHandlers(self._front, bot, self._timing, self._start)
        taking_up = asyncio.create_task(reception.backlog.run(), name="Telegram backlog")
        try:
            if self._webhook is None:
                await self._poll(bot, reception)
            else:
                await self._webhook.run(bot, patience, self._hearing, partial(self._take, reception))
        finally:
            taking_up.cancel()
            await asyncio.gather(taking_up, return_exceptions=True)
            await self._finish()

    async def _poll(self, bot: Bot, reception: UpdateHandlers) -> None:
        patience = self._timing.patience
        await persist(bot.delete_webhook, patience, "deleteWebhook")  # polling is refused while one is set
        async with aclosing(updates_of(bot, patience, self._hearing, self._settled)) as updates:
            async for update in updates:
                self._untaken.add(await self._receive(reception, update))

    async def _take(self, reception: UpdateHandlers, update: Update) -> bool:
        self._hearing.note()
        taken = await self._receive(reception, update)
        await asyncio.wait({taken}, timeout=self._timing.taking_s)
        return taken.done()

    async def _receive(self, reception: UpdateHandlers, update: Update) -> asyncio.Future[None]:
        """Start work on an update; the future is done once a crash would not lose it."""
        await self._slots.acquire()
        taken = asyncio.get_running_loop().create_future()

        def take() -> None:
            self._untaken.discard(taken)
            if not taken.done():
                taken.set_result(None)

        task = self._start(reception.receive(update, take))
        task.add_done_callback(lambda _: take())
        task.add_done_callback(lambda _: self._slots.release())
        return taken

    async def _settled(self) -> None:
        """Return when every update received has been taken on durably, or could not be for too long."""
        if self._untaken:
            _, late = await asyncio.wait(self._untaken, timeout=self._timing.taking_s)
            if late:
                log.warning("Telegram: %d updates are confirmed before they could be taken on", len(late))
            self._untaken -= late

    async def _publish(self, bot: Bot) -> None:
        await persist(
            lambda: publish_menus(bot, self._front.registry),
            self._timing.patience,
            "publishing the menu",
            (InvalidToken, BadRequest),
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("handling an update failed", exc_info=error)

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._timing.farewell_s)
        unfinished = list(self._tasks)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)


def _introduce(bot: Bot) -> None:
    log.info("Telegram: listening as @%s; to add it to a group: %s?startgroup=true", bot.username, bot.link)
    if not bot.can_read_all_group_messages:
        log.info(
            "Telegram: privacy mode is on, so in groups @%s is shown only commands, mentions and replies to it. That "
            "is all AION answers there. If a group's mentions stay unheard, make the bot an admin, or turn the mode "
            "off with /setprivacy at @BotFather and add the bot to the group again.",
            bot.username,
        )
