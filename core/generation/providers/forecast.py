"""Forecasts for routing: the rate of questions, and the token counts of prompts by model."""

from __future__ import annotations

import math

from core.storage.quotas import QuotaAccount

_MARGIN = 1.01
_LEARNING = 0.02
"""Step towards a lower ratio of counted to estimated tokens; a higher one is adopted at once."""

_DEMAND_S = 3600.0
"""Time constant of the exponential decay of the question rate, seconds."""


class Demand:
    """Rate of questions, exponentially decaying over about an hour."""

    def __init__(self) -> None:
        self._n = 0.0
        self._at_s = 0.0

    def note(self, now_s: float) -> None:
        """Count one question."""
        self._n = self._n * math.exp((self._at_s - now_s) / _DEMAND_S) + 1.0
        self._at_s = now_s

    def expected(self, until_s: float) -> float:
        """Return the expected number of questions from the last one until ``until_s``."""
        return self._n / _DEMAND_S * max(0.0, until_s - self._at_s)


class Estimates:
    """Token counts of prompts by model, from the counts that it stated: near the recent maximum."""

    def __init__(self) -> None:
        self._ratios: dict[QuotaAccount, float] = {}

    def n_prompt(self, account: QuotaAccount, n_guessed: int) -> int:
        """Return the estimate for a model, given an upper estimate for any model."""
        return math.ceil(n_guessed * min(1.0, self._ratios.get(account, 1.0) * _MARGIN))

    def learn(self, account: QuotaAccount, n_guessed: int, n_counted: int) -> None:
        """Learn from the tokens that a model counted."""
        ratio, known = n_counted / max(n_guessed, 1), self._ratios.get(account, 1.0)
        self._ratios[account] = max(ratio, known + (ratio - known) * _LEARNING)
