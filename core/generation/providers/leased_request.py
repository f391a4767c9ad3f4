"""One request in flight: counts what it uses, and settles its lease with that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from core.generation.prompting.prompt import estimate_tokens
from core.generation.providers.completion_stream import Usage
from core.generation.providers.ledger import Lease, Ledger
from core.generation.providers.route import Amount

_COUNT = re.compile(r"[0-9]{1,15}")
_KINDS: Mapping[Literal["requests", "tokens"], Amount] = {"requests": "n_requests", "tokens": "n_tokens"}


class LeasedRequest:
    """A ``core.generation.providers.client.ProviderListener`` that keeps the ledger.

    Completion tokens are estimated from the text until the provider states its usage. ``learn`` is told the prompt
    tokens that the provider counted.
    """

    def __init__(self, ledger: Ledger, lease: Lease, n_prompt: int, learn: Callable[[int], None]) -> None:
        self._ledger = ledger
        self._lease = lease
        self._learn = learn
        self._used = Usage(n_prompt, 0)
        self._is_counted = False

    def headers(self, headers: Mapping[str, str]) -> None:
        """Tell the ledger the limits that the response headers state."""
        for name, period in self._lease.route.provider.header_periods.items():
            limit, left = (headers.get(f"x-ratelimit-{what}-{name}", "") for what in ("limit", "remaining"))
            if _COUNT.fullmatch(limit) and _COUNT.fullmatch(left) and int(limit) > 0:
                self._ledger.observe(self._lease.route, period, _KINDS[name], int(limit), int(left))

    def usage(self, usage: Usage) -> None:
        """Take the provider's count in place of the estimate."""
        if usage.n_prompt:
            self._used, self._is_counted = usage, True
            self._learn(usage.n_prompt)

    def wrote(self, text: str) -> None:
        """Add a piece of the reply to the estimate."""
        if not self._is_counted:
            self._used = Usage(self._used.n_prompt, self._used.n_completion + estimate_tokens(text))

    def settle(self) -> None:
        """Settle the lease with what was used."""
        self._ledger.settle(self._lease, self._lease.route.cost(self._used.n_prompt, self._used.n_completion))

    def refused(self) -> None:
        """Settle a request that was refused: one request, no tokens."""
        self._ledger.settle(self._lease, self._lease.route.cost(0, 0))
