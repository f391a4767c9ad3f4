"""Delivers waiting events to webhooks, in order, at least once; waits longer after each failure, and gives up at last.

Any number of processes may run it on one database: each reserves the webhooks it works on. An event that a crash
interrupts is sent again, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from core.chat.notices import Notices
from core.storage.database import DATABASE_FAILURES
from core.storage.delivery.webhooks import OutgoingWebhook, WebhookMessage, Webhooks
from core.texts import say_markdown
from core.types import Language, Reply
from core.webhooks.client import PostOutcome, WebhookClient

log = logging.getLogger(__name__)

POLL_S = 2.0

BATCH = 10
"""Events delivered to a webhook, and webhooks worked on, at a time."""

RESERVED = timedelta(minutes=5)
"""Longer than ``BATCH`` deliveries at their deadline take."""

BACK_OFF_S = (5, 30, 120, 600, 3_600, 10_800, 21_600)
"""Seconds to wait after each failure in a row; the last ones are repeated."""

MAX_ATTEMPTS = 8
"""Attempts after which an event is dropped: its receiver may refuse this one alone."""

LASTING = timedelta(days=3)
"""A webhook that failed for so long is switched off."""


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Delivers what waits for the webhooks of all spaces."""

    webhooks: Webhooks
    client: WebhookClient
    notices: Notices
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Deliver what waits and what is to come, until cancelled."""
        while True:
            try:
                await self.send_due()
            except DATABASE_FAILURES as error:
                log.warning("webhooks: the database cannot be read now: %s", error)
            await asyncio.sleep(POLL_S)

    async def send_due(self) -> int:
        """Deliver what may be tried now, a batch of each webhook; return how many events were taken."""
        claimed = await self.webhooks.claim(self.now(), RESERVED, BATCH)
        return sum(await asyncio.gather(*map(self._send, claimed)))

    async def _send(self, webhook: OutgoingWebhook) -> int:
        """Deliver a batch to one webhook, up to the first failure."""
        n_taken = 0
        for message in await self.webhooks.waiting(webhook, BATCH):
            outcome = await self.client.post(webhook, message.message_id, message.body, int(self.now().timestamp()))
            if not outcome.is_taken:
                await self._fail(webhook, message, outcome)
                return n_taken
            await self.webhooks.delivered(message)
            n_taken += 1
        await self.webhooks.succeeded(webhook, self.now())
        return n_taken

    async def _fail(self, webhook: OutgoingWebhook, message: WebhookMessage, outcome: PostOutcome) -> None:
        now, host = self.now(), urlsplit(webhook.url).hostname
        log.warning("webhook %d (%s) did not take an event: %s", webhook.id, host, outcome.problem)
        pause_s = BACK_OFF_S[min(webhook.n_failures, len(BACK_OFF_S) - 1)]
        await self.webhooks.failed(webhook, outcome.problem, now, now + timedelta(seconds=pause_s))
        if outcome.is_gone or now - (webhook.failing_since or now) >= LASTING:
            await self.webhooks.switch_off(webhook, now)
            await self._tell(webhook, now)
        elif message.n_attempts + 1 >= MAX_ATTEMPTS:
            log.warning("webhook %d (%s): an event is dropped after %d attempts", webhook.id, host, MAX_ATTEMPTS)
            await self.webhooks.delivered(message)
        else:
            await self.webhooks.attempted(message)

    async def _tell(self, webhook: OutgoingWebhook, now: datetime) -> None:
        def compose(language: Language) -> Reply:
            values = {"number": webhook.id, "host": urlsplit(webhook.url).hostname}
            return Reply(say_markdown(language, "webhook.switched_off", **values), language)

        await self.notices.tell_moderators(webhook.space, f"webhook:{webhook.id}:{now:%Y%m%d%H%M}", compose)
