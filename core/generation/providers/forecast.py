"""What the router expects: how many questions are to come, and how many tokens a prompt will turn out to be."""

from __future__ import annotations

import math

from core.storage.quotas import QuotaAccount

_MARGIN = 1.01
_LEARNING = 0.02
"""How much of a shorter prompt is believed at once; a longer one is believed whole."""

_DEMAND_S = 3600.0
"""How far back the pace of questions is looked at."""


class Demand:
    """How many questions come, by the last hour or so."""

    def __init__(self) -> None:
        self._n = 0.0
        self._at_s = 0.0

    def note(self, now_s: float) -> None:
        """Count one question."""
        self._n = self._n * math.exp((self._at_s - now_s) / _DEMAND_S) + 1.0
        self._at_s = now_s

    def expected(self, until_s: float) -> float:
        """Return how many are to come from the last one until ``until_s``, should it go on like this."""
        return self._n / _DEMAND_S * max(0.0, until_s - self._at_s)


class Estimates:
    """How long prompts are to each model, from how long they turned out: near the longest seen of late, not above."""

    def __init__(self) -> None:
        self._ratios: dict[QuotaAccount, float] = {}

    def n_prompt(self, account: QuotaAccount, n_guessed: int) -> int:
        """Return how many tokens a prompt is to a model, given a guess that holds for any."""
        return math.ceil(n_guessed * min(1.0, self._ratios.get(account, 1.0) * _MARGIN))

    def learn(self, account: QuotaAccount, n_guessed: int, n_counted: int) -> None:
        """Hear how many tokens a prompt turned out to be."""
        ratio, known = n_counted / max(n_guessed, 1), self._ratios.get(account, 1.0)
        self._ratios[account] = max(ratio, known + (ratio - known) * _LEARNING)
