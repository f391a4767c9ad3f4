"""``GET /health``: whether AION hears its platforms and can keep what it is told.

200 and ``"status": "ok"``, or 503 and ``"failing"`` when an adapter is deaf or the database cannot be written::

    {"status": "ok", "adapters": {"discord": {"heard_s_ago": 3.1, "n_restarts": 0, "deaf": false}},
     "database": "ok", "models": "warm", "backlog": 2}

``heard_s_ago`` is ``null`` when the platform was never heard, ``models`` is ``loading`` at first, ``backlog`` is the
number of messages taken on and not yet dealt with, ``null`` when the database does not tell. Says nothing about people.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bot.watchdog import AdapterHealth
from core.errors import Unavailable

log = logging.getLogger(__name__)

DATABASE_WITHIN_S = 4.0
"""How long a write may wait; whoever asks after AION's health waits no longer than a few seconds itself."""


class HealthSource(Protocol):
    """What of AION is looked at."""

    async def require_writable(self) -> None:
        """Raise ``Unavailable`` when the database cannot be written."""
        ...

    async def count_backlog(self) -> int:
        """Return how many messages are taken on and not yet dealt with."""
        ...


class WatchedAdapter(Protocol):
    """An adapter under watch."""

    @property
    def name(self) -> str:
        """Return the platform's name."""
        ...

    @property
    def pulse(self) -> AdapterHealth:
        """Return how it is."""
        ...


def health_router(core: HealthSource, adapters: Sequence[WatchedAdapter], is_warm: Callable[[], bool]) -> APIRouter:
    """Return the router of ``/health``."""
    router = APIRouter()

    @router.get("/health")
    async def health() -> JSONResponse:
        pulses = {adapter.name: adapter.pulse for adapter in adapters}
        backlog = await _backlog(core)
        is_well = backlog is not None and not any(pulse.is_deaf for pulse in pulses.values())
        body = {
            "status": "ok" if is_well else "failing",
            "adapters": {name: _as_json(pulse) for name, pulse in pulses.items()},
            "database": "ok" if backlog is not None else "unwritable",
            "models": "warm" if is_warm() else "loading",
            "backlog": backlog,
        }
        return JSONResponse(body, HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE)

    return router


async def _backlog(core: HealthSource) -> int | None:
    """Return how much is waiting, or ``None`` when the database cannot be written."""
    try:
        async with asyncio.timeout(DATABASE_WITHIN_S):
            await core.require_writable()
            return await core.count_backlog()
    except (TimeoutError, Unavailable) as error:
        log.error("health: the database cannot be written: %s", error or "no answer in time")
        return None


def _as_json(pulse: AdapterHealth) -> dict[str, Any]:
    heard_s_ago = None if pulse.heard_s_ago is None else round(pulse.heard_s_ago, 1)
    return {"heard_s_ago": heard_s_ago, "n_restarts": pulse.n_restarts, "deaf": pulse.is_deaf}
