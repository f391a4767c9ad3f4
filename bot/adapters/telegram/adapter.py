"""The Telegram adapter: connects, and receives updates by long polling or a webhook.

Every update is handled in a task of its own, so that a slow answer delays no other. Does not cover how updates are
handled (``bot.adapters.telegram.handlers``) or read (``bot.adapters.telegram.translate``), nor inline mode.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial

from telegram import Bot, Update
from telegram.error import BadRequest, InvalidToken

from bot.adapters.telegram.address import place_named
from bot.adapters.telegram.api_request import ApiRequest
from bot.adapters.telegram.commands import publish_menus
from bot.adapters.telegram.handlers import UpdateHandlers
from bot.adapters.telegram.moderators import ChatModerators
from bot.adapters.telegram.polling import PollingStatus, PollRequest, updates_of
from bot.adapters.telegram.retries import retry
from bot.adapters.telegram.timing import Timing
from bot.adapters.telegram.webhook import Webhook
from bot.delivery.tasks import TaskSet
from core.errors import Superseded, Unavailable
from core.ports import AdapterApi
from core.types import SpaceId

log = logging.getLogger(__name__)

API_BASE = "https://api.telegram.org"
MAX_UPDATES = 512
"""Updates handled at a time; further ones wait at Telegram."""

Receive = Callable[[Update], Awaitable[asyncio.Future[None]]]
"""Starts handling an update; the future is done once a crash would not lose it."""

_TOKEN = re.compile(r"\d+:[\w-]+")
_LOGS_ADDRESSES = ("httpx", "httpcore", "telegram")
_LOGS_TWICE = "telegram.request.BaseRequest"


class TelegramAdapter:
    """AION on Telegram; ``api_base`` is the address of a Bot API server, without the token."""

    def __init__(
        self,
        api: AdapterApi,
        token: str,
        api_base: str | None = None,
        timing: Timing | None = None,
        webhook: Webhook | None = None,
    ) -> None:
        self._api = api
        self._token = token
        self._api_base = (api_base or API_BASE).rstrip("/")
        self._timing = timing or Timing()
        self._webhook = webhook
        self._slots = asyncio.Semaphore(MAX_UPDATES)
        self._unaccepted: set[asyncio.Future[None]] = set()
        self._status = PollingStatus()
        self._moderators: ChatModerators | None = None

    @property
    def heard_at_s(self) -> float | None:
        """Return when a poll was last answered, if one ever was, on ``time.monotonic``'s clock."""
        return self._status.at_s

    async def is_moderator(self, space: SpaceId, person_id: str) -> bool:
        """Ask Telegram whether an account moderates a group now; ``False`` where it does not say."""
        _, _, user_id = person_id.partition("telegram:")
        if self._moderators is None or not user_id.isdecimal():
            return False
        return await self._moderators.includes(place_named(space), int(user_id))

    async def memberships(self, space: SpaceId, person_id: str) -> Mapping[str, str]:
        """Return nothing: a group is one audience."""
        return {}

    def title(self, space: SpaceId) -> str | None:
        """Return ``None``: a group's title would be a request of its own."""
        return None

    def channel_title(self, space: SpaceId, conversation: str) -> str | None:
        """Return ``None``: Telegram tells bots no topic's title."""
        return None

    async def run(self) -> None:
        """Serve until cancelled, through any outage; then let answers under way finish for ``Timing.grace_s``.

        Raises ``Unavailable`` when Telegram refuses the token, now or later, and ``Superseded``.
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
            request=ApiRequest(
                connection_pool_size=256, read_timeout=20, write_timeout=20, connect_timeout=10, pool_timeout=30
            ),
            get_updates_request=PollRequest(connection_pool_size=1, read_timeout=10, connect_timeout=10),
        )

    async def _serve(self, bot: Bot) -> None:
        timing, tasks = self._timing.poll, TaskSet("Telegram")
        await retry(bot.initialize, timing, "getMe")
        _introduce(bot)

        def publish() -> None:
            tasks.start(self._publish(bot))

        publish()
        self._api.registry.follow(publish)
        self._moderators = ChatModerators(bot, timing)
        handlers = UpdateHandlers(self._api, bot, self._timing, tasks)
        handlers.start_backlog()
        receive = partial(self._receive, handlers, tasks)
        try:
            if self._webhook is None:
                await self._poll(bot, receive)
            else:
                await self._webhook.run(bot, timing, self._status, partial(self._accept, receive))
        finally:
            self._api.registry.unfollow(publish)
            await tasks.finish(self._timing.grace_s)

    async def _poll(self, bot: Bot, receive: Receive) -> None:
        timing = self._timing.poll
        await retry(bot.delete_webhook, timing, "deleteWebhook")  # polling is refused while one is set
        async with aclosing(updates_of(bot, timing, self._status, self._all_accepted)) as updates:
            async for update in updates:
                self._unaccepted.add(await receive(update))

    async def _accept(self, receive: Receive, update: Update) -> bool:
        """Start handling an update; return whether it was accepted within ``Timing.accept_s``."""
        self._status.note()
        accepted = await receive(update)
        await asyncio.wait({accepted}, timeout=self._timing.accept_s)
        return accepted.done() and accepted.exception() is None

    async def _receive(self, handlers: UpdateHandlers, tasks: TaskSet, update: Update) -> asyncio.Future[None]:
        """Start handling an update once a slot is free; the future is done once a crash would not lose it.

        It ends in ``Superseded`` where another process takes on what arrives by now.
        """
        await self._slots.acquire()
        accepted = asyncio.get_running_loop().create_future()

        def accept() -> None:
            self._unaccepted.discard(accepted)
            if not accepted.done():
                accepted.set_result(None)

        def end(task: asyncio.Task[None]) -> None:
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Superseded) and not accepted.done():
                accepted.set_exception(error)
                accepted.exception()  # is asked for by whoever would confirm the update, if anybody still does
            else:
                accept()

        task = tasks.start(handlers.receive(update, accept))
        task.add_done_callback(end)
        task.add_done_callback(lambda _: self._slots.release())
        return accepted

    async def _all_accepted(self) -> None:
        """Return when every update received has been accepted, or ``Timing.accept_s`` have passed.

        Raises ``Superseded`` when one is another process's to accept: Telegram must not be told that it arrived.
        """
        if self._unaccepted:
            ended, late = await asyncio.wait(self._unaccepted, timeout=self._timing.accept_s)
            self._unaccepted -= ended
            for update in ended:
                update.result()
            if late:
                log.warning("Telegram: %d updates are confirmed before they could be taken on", len(late))
            self._unaccepted -= late

    async def _publish(self, bot: Bot) -> None:
        await retry(
            lambda: publish_menus(bot, self._api.registry),
            self._timing.poll,
            "publishing the menu",
            (InvalidToken, BadRequest),
        )


def _introduce(bot: Bot) -> None:
    log.info("Telegram: listening as @%s; to add it to a group: %s?startgroup=true", bot.username, bot.link)
    if bot.bot.supports_guest_queries:
        log.info("Telegram: guest mode is on; whoever mentions @%s in any chat is answered from `global`", bot.username)
    if not bot.can_read_all_group_messages:
        log.info(
            "Telegram: privacy mode is on, so in groups @%s is shown only commands, mentions and replies to it. That "
            "is all AION answers there. If a group's mentions stay unheard, make the bot an admin, or turn the mode "
            "off with /setprivacy at @BotFather and add the bot to the group again.",
            bot.username,
        )
