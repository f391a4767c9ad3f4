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

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bot.heartbeat import Heartbeat
from bot.watchdog import AdapterHealth, AdapterWatch
from bot.web.database_check import DatabaseCheck
from core.assembly.aion import Aion


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


def _as_json(health: AdapterHealth) -> dict[str, Any]:
    heard_s_ago = None if health.heard_s_ago is None else round(health.heard_s_ago, 1)
    restarts = {"n_restarts": health.n_restarts, "problem": health.problem}
    return {"heard_s_ago": heard_s_ago, **restarts, "deaf": health.is_deaf}
