"""One prompt in several sizes, and which of them each route is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.generation.prompting.prompt import estimate_tokens
from core.generation.providers.route import Route
from core.storage.quotas import QuotaAccount
from core.types import PromptTurn

_TURN_TOKENS = 4
"""What a chat template adds around each turn."""


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """A prompt, and an upper bound of its size in tokens."""

    turns: Sequence[PromptTurn]
    n_tokens: int


class PromptVersions:
    """The versions of one prompt, the largest first; a route that refused its version gets the next one."""

    def __init__(self, prompts: Sequence[Sequence[PromptTurn]]) -> None:
        sizes = (sum(estimate_tokens(turn.content) + _TURN_TOKENS for turn in turns) for turns in prompts)
        self._all = tuple(map(PromptVersion, prompts, sizes))
        self._too_large: set[QuotaAccount] = set()

    def fitting(self, route: Route) -> Sequence[PromptVersion]:
        """Return the versions within the provider's context that the route did not refuse, the largest first."""
        limit = route.provider.context_tokens
        fitting = [version for version in self._all if version.n_tokens <= limit]
        return fitting[route.account in self._too_large :]

    def of(self, route: Route) -> PromptVersion:
        """Return the version to send. Raises ``IndexError`` when none fits."""
        return self.fitting(route)[0]

    def shrink(self, route: Route) -> bool:
        """Note that a route refused its version as too large; ``False`` when it has no other, or did so before."""
        if route.account in self._too_large or len(self.fitting(route)) < 2:
            return False
        self._too_large.add(route.account)
        return True
