"""The webhook: an HTTP endpoint that Telegram posts updates to, in place of polling.

Telegram repeats an update until the response is 200, which is sent once a crash would not lose the update; the inbox
recognises repeated ones. A request without the secret token is refused with 403.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from telegram import Bot, Update, WebhookInfo

from bot.adapters.telegram.polling import WANTED, PollingStatus
from bot.adapters.telegram.retries import retry
from bot.adapters.telegram.timing import PollTiming
from bot.platform_errors import UNREADABLE
from bot.web.app import create_app, serve

log = logging.getLogger(__name__)

ASK_EVERY_S = 30.0
"""Seconds between calls of getWebhookInfo, which show that Telegram responds while no update arrives."""

Receive = Callable[[Update], Awaitable[bool]]
"""Starts handling an update; returns whether it was accepted, that is a crash would not lose it."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The public ``url`` Telegram posts to, and the ``host`` and ``port`` listened on, behind a TLS proxy."""

    url: str
    host: str
    port: int
    ask_every_s: float = field(default=ASK_EVERY_S)

    def secret(self, token: str) -> str:
        """Return the secret token that proves a request to be Telegram's: a SHA-256 of the URL and the bot's token."""
        return hashlib.sha256(f"webhook {self.url} {token}".encode()).hexdigest()

    async def run(self, bot: Bot, timing: PollTiming, status: PollingStatus, receive: Receive) -> None:
        """Receive updates until cancelled.

        Raises ``InvalidToken`` when Telegram refuses the token, ``Unavailable`` when the address cannot be bound.
        """
        secret = self.secret(bot.token)
        app = create_app([_router(urlsplit(self.url).path or "/", secret, bot, receive)])
        serving = asyncio.create_task(serve(app, self.host, self.port), name="Telegram webhook")
        try:
            await retry(
                lambda: bot.set_webhook(self.url, allowed_updates=WANTED, secret_token=secret), timing, "setWebhook"
            )
            log.info("Telegram: updates come to %s", self.url)
            while not serving.done():
                info = await retry(partial(_webhook_info, bot, status), timing, "getWebhookInfo")
                if info.last_error_message:
                    log.warning("Telegram: it could not reach %s: %s", self.url, info.last_error_message)
                await asyncio.wait({serving}, timeout=self.ask_every_s)
            serving.result()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def _webhook_info(bot: Bot, status: PollingStatus) -> WebhookInfo:
    """Ask for the webhook's state; a reply that cannot be read shows that Telegram responds, too."""
    try:
        info = await bot.get_webhook_info()
    except UNREADABLE:
        status.note()
        raise
    status.note()
    return info


def _router(path: str, secret: str, bot: Bot, receive: Receive) -> APIRouter:
    router = APIRouter()

    async def take(request: Request) -> Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        try:
            update = Update.de_json(await request.json(), bot)
        except (OSError, *UNREADABLE) as error:
            log.error("an update cannot be read and is skipped: %s", type(error).__name__)
            return Response(status_code=200)
        return Response(status_code=200 if await receive(update) else 503)

    router.add_api_route(path, take, methods=["POST"])
    return router
