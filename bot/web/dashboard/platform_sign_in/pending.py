"""Sign-ins under way at a platform: each is finished once, in time, by the browser that began it."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

LIFETIME_S = 600.0
MAX_PENDING = 1_000
"""Sign-ins under way at once. One more ends the oldest."""


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """A sign-in under way: ``state`` names it, ``verifier`` is the secret of PKCE (RFC 7636), until ``ends_s``."""

    state: str
    verifier: str
    ends_s: float


@dataclass
class PendingSignIns:
    """The sign-ins under way in this process; ``now_s`` is a monotonic clock."""

    now_s: Callable[[], float]
    _pending: OrderedDict[str, PendingSignIn] = field(default_factory=OrderedDict)

    def begin(self) -> PendingSignIn:
        """Return a new sign-in."""
        begun = PendingSignIn(secrets.token_urlsafe(32), secrets.token_urlsafe(48), self.now_s() + LIFETIME_S)
        self._pending[begun.state] = begun
        while len(self._pending) > MAX_PENDING:
            self._pending.popitem(last=False)
        return begun

    def finish(self, state: str) -> PendingSignIn | None:
        """Return the sign-in of that state, once; ``None`` for one that is unknown, finished or too old."""
        found = self._pending.pop(state, None)
        return found if found is not None and found.ends_s > self.now_s() else None
