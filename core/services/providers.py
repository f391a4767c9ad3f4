"""Status of the providers and workers that write answers, and their remaining quotas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

PlanTraining = Literal["no", "allowed", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """The rest of one limit of a provider, in requests, tokens or US dollars, of a minute, a day or a month."""

    period: Literal["minute", "day", "month"]
    kind: Literal["requests", "tokens", "usd"]
    left: float
    limit: float
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """Status of one model of a provider under one key, of which ``key`` is the end; ``None`` without a key.

    Or the status of a worker: ``online``, ``offline``, ``refused`` (its token is another), ``unseen`` by AION so far.

    ``until`` is when one that is spent or benched is asked again, ``None`` for one that waits for a reset by hand.
    ``trains``: whether its plan trains on what it is sent. It does, or that is ``unknown``, and it is not asked for
    Discord; or it is all the same (``allowed``).
    """

    provider: str
    model: str
    key: str | None
    state: Literal["ready", "spent", "benched", "no_key", "off", "online", "offline", "refused", "unseen"]
    allowances: tuple[Allowance, ...] = ()
    until: datetime | None = None
    reason: str = ""
    trains: PlanTraining = "no"

    @property
    def is_usable(self) -> bool:
        """Tell whether it may ever be asked: a provider with a key, or a worker."""
        return self.key is not None or self.state not in ("no_key", "off")


class ProvidersPort(Protocol):
    """The status of the providers and workers."""

    async def status(self) -> tuple[ProviderStatus, ...]:
        """Return the status of each model of each provider under each key, in the order they are asked."""
        ...
