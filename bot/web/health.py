"""``GET /health`` of ``aion run``: platforms, database, event loop and threads, models and backlog.

200 and ``"status": "ok"``, or 503 and ``"failing"`` when an adapter is deaf, the database cannot be written, or the
event loop or the worker threads did not answer in time (``bot.heartbeat``)::

    {"status": "ok", "adapters": {"discord": {"heard_s_ago": 3.1, "n_restarts": 0, "deaf": false, "problem": null}},
     "database": "ok", "models": "warm", "backlog": 2, "problems": []}

``heard_s_ago`` is in seconds, ``null`` when the platform was never heard; an adapter's ``problem`` names the error
after which it waits to be started again; ``models`` is ``loading`` or ``warm``; ``backlog`` is the number of messages
accepted and not yet answered, ``null`` when the database cannot be read; ``problems`` says which of loop and threads
was late, and for how long.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bot.heartbeat import Heartbeat
from bot.watchdog import AdapterHealth, AdapterWatch
from core.assembly.aion import Aion
from core.errors import Unavailable

log = logging.getLogger(__name__)

DATABASE_WITHIN_S = 4.0
"""Seconds a write may take: less than the usual timeout of a health check."""

FRESH_S = 1.0
"""Seconds for which one look at the database counts: everybody who reaches ``/health`` may ask, however often."""


def health_router(
    aion: Aion, adapters: Sequence[AdapterWatch], heartbeat: Heartbeat, is_warm: Callable[[], bool]
) -> APIRouter:
    """Return the route ``/health``. ``is_warm`` tells whether the models are loaded."""
    router = APIRouter()
    database = DatabaseCheck(aion)

    @router.get("/health")
    async def health() -> JSONResponse:
        health_by_name = {adapter.name: adapter.health for adapter in adapters}
        backlog = await database.backlog()
        problems = heartbeat.pulse.problems
        is_well = backlog is not None and not problems and not any(each.is_deaf for each in health_by_name.values())
        body = {
            "status": "ok" if is_well else "failing",
            "adapters": {name: _as_json(each) for name, each in health_by_name.items()},
            "database": "ok" if backlog is not None else "unwritable",
            "models": "warm" if is_warm() else "loading",
            "backlog": backlog,
            "problems": problems,
        }
        return JSONResponse(body, HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE)

    return router


class DatabaseCheck:
    """Looks whether the database can be written, every ``FRESH_S`` at most."""

    def __init__(self, aion: Aion) -> None:
        self._aion = aion
        self._looking = asyncio.Lock()
        self._looked_at_s = float("-inf")
        self._backlog: int | None = None

    async def backlog(self) -> int | None:
        """Return the number of messages not yet answered, ``None`` when the database cannot be written in time."""
        async with self._looking:
            if time.monotonic() - self._looked_at_s >= FRESH_S:
                self._backlog = await self._look()
                self._looked_at_s = time.monotonic()
            return self._backlog

    async def _look(self) -> int | None:
        try:
            async with asyncio.timeout(DATABASE_WITHIN_S):
                await self._aion.require_writable()
                return await self._aion.count_backlog()
        except (TimeoutError, Unavailable) as error:
            log.error("health: the database cannot be written: %s", error or "no answer in time")
            return None


def _as_json(health: AdapterHealth) -> dict[str, Any]:
    heard_s_ago = None if health.heard_s_ago is None else round(health.heard_s_ago, 1)
    restarts = {"n_restarts": health.n_restarts, "problem": health.problem}
    return {"heard_s_ago": heard_s_ago, **restarts, "deaf": health.is_deaf}
