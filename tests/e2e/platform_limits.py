"""A platform's limits on what a bot writes, held exactly: no stretch of a period holds more than is allowed."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rule:
    """At most ``n`` in any ``period_s`` seconds, for whatever counts together under ``key``."""

    key: Hashable
    n: int
    period_s: float


@dataclass
class Meter:
    """Counts what was let through, and how often a bot wanted more than it may."""

    n_refused: int = 0
    _let_through: dict[Hashable, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def spend(self, *rules: Rule) -> float | None:
        """Let one thing through under all its rules, or return for how many seconds it must wait."""
        now = time.monotonic()
        wait_s = 0.0
        for rule in rules:
            times = self._let_through[rule.key]
            while times and times[0] <= now - rule.period_s:
                times.popleft()
            if len(times) >= rule.n:
                wait_s = max(wait_s, times[-rule.n] + rule.period_s - now)
        if wait_s > 0:
            self.n_refused += 1
            return wait_s
        for rule in rules:
            self._let_through[rule.key].append(now)
        return None


def telegram_rules(chat_id: int) -> tuple[Rule, ...]:
    """Return what Telegram publishes: 30 a second; 20 a minute in a group; one a second in a chat, with bursts."""
    chat = Rule(chat_id, 20, 60.0) if chat_id < 0 else Rule(chat_id, 20, 20.0)
    return Rule("all", 30, 1.0), chat


DISCORD_OVERALL = Rule("all", 50, 1.0)
"""What Discord publishes. The limit of a channel is ``DiscordServer.bucket``."""
