"""Stops endless exchanges with another bot, where Telegram does not say that it is one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

MAX_IN_A_ROW = 10
WINDOW_S = 300.0


class LoopGuard:
    """Admits ``MAX_IN_A_ROW`` messages within ``WINDOW_S`` seconds from senders that may be bots, in each conversation.

    A message of a person resets the count. Other bots are never answered, but Telegram shows whoever writes in the
    name of a channel or a group, which a bot may do too, as that chat.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._admitted_at_s: dict[str, list[float]] = {}

    def note_person(self, conversation: str) -> None:
        """Reset the count of a conversation, in which a person wrote."""
        self._admitted_at_s.pop(conversation, None)

    def admits(self, conversation: str) -> bool:
        """Count one more message from what may be a bot; return whether it is to be answered."""
        now_s = self._now_s()
        recent = [at_s for at_s in self._admitted_at_s.get(conversation, ()) if at_s > now_s - WINDOW_S]
        is_admitted = len(recent) < MAX_IN_A_ROW
        if is_admitted:
            recent.append(now_s)
        else:
            log.warning("%s: %d messages in a row from what may be a bot; not answered", conversation, MAX_IN_A_ROW)
        self._admitted_at_s[conversation] = recent
        return is_admitted
