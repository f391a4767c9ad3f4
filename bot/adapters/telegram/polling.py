"""Long polling: yields every update, through any outage, until Telegram refuses the token."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from telegram import Bot, Update
from telegram.error import RetryAfter
from telegram.request import HTTPXRequest

from bot.adapters.telegram.rate_limits import ban_s
from bot.adapters.telegram.retries import retry
from bot.adapters.telegram.timing import PollTiming
from bot.platform_errors import UNREADABLE

log = logging.getLogger(__name__)

WANTED = [
    Update.MESSAGE,
    Update.EDITED_MESSAGE,
    Update.CALLBACK_QUERY,
    Update.MESSAGE_REACTION,
    Update.GUEST_MESSAGE,
]


class PollRequest(HTTPXRequest):
    """The connection of long polling; replaces an update the library cannot parse by an empty one with its id.

    Otherwise it would be fetched again for ever, and no later one would arrive.
    """

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read a response; see ``telegram.request.BaseRequest.parse_json_payload``."""
        response: dict[str, Any] = HTTPXRequest.parse_json_payload(payload)
        if isinstance(result := response.get("result"), list):
            response["result"] = [_readable(update) for update in result]
        return response


def _readable(update: Any) -> Any:
    """Return an update, or an empty one with its id; one without an id makes the whole reply unreadable."""
    try:
        Update.de_json(json.loads(json.dumps(update)), None)  # parsing empties what it is given
    except (OSError, *UNREADABLE) as error:
        update_id = update["update_id"]
        log.error("update %s cannot be read and is skipped: %s", update_id, type(error).__name__)
        return {"update_id": update_id}
    return update


@dataclass(slots=True)
class PollingStatus:
    """When Telegram last responded, on ``time.monotonic``'s clock; during a ban that is the ban's end."""

    at_s: float | None = None

    def note(self, later_s: float = 0.0) -> None:
        """Note a response now, or at the end of a ban of ``later_s`` seconds."""
        self.at_s = time.monotonic() + later_s


async def updates_of(
    bot: Bot, timing: PollTiming, status: PollingStatus, accepted: Callable[[], Awaitable[None]]
) -> AsyncGenerator[Update, None]:
    """Yield every update once it arrives, without end.

    A request for the next updates confirms those before, so ``accepted`` is awaited first. Raises ``InvalidToken`` when
    Telegram refuses the token, and nothing else.
    """
    offset: int | None = None

    async def fetch() -> tuple[Update, ...]:
        try:
            updates = await bot.get_updates(offset, timeout=timedelta(seconds=timing.poll_s), allowed_updates=WANTED)
        except RetryAfter as flood:
            status.note(ban_s(flood))
            raise
        except UNREADABLE:
            status.note()  # an odd reply is one
            raise
        status.note()
        return updates

    while True:
        await accepted()
        for update in await retry(fetch, timing, "getUpdates"):
            yield update
            offset = update.update_id + 1
