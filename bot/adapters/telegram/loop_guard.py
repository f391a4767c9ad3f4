"""Keeps AION from talking with a machine for ever, where a platform does not say who is one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

MAX_IN_A_ROW = 10
WINDOW_S = 300.0


class LoopGuard:
    """Admits ``MAX_IN_A_ROW`` messages within ``WINDOW_S`` from what may be no person; a person's word starts afresh.

    Other bots are never answered. But on Telegram whoever writes in the name of a channel or a group, which a bot may
    do too, is shown as that chat.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._admitted_at_s: dict[str, list[float]] = {}

    def hear_person(self, conversation: str) -> None:
        """Note that a person spoke there."""
        self._admitted_at_s.pop(conversation, None)

    def admits(self, conversation: str) -> bool:
        """Tell whether one more message there, from what may be a machine, is to be answered."""
        now_s = self._now_s()
        recent = [at_s for at_s in self._admitted_at_s.get(conversation, ()) if at_s > now_s - WINDOW_S]
        is_admitted = len(recent) < MAX_IN_A_ROW
        if is_admitted:
            recent.append(now_s)
        else:
            log.warning("%s: %d messages in a row from what may be a bot; not answered", conversation, MAX_IN_A_ROW)
        self._admitted_at_s[conversation] = recent
        return is_admitted
