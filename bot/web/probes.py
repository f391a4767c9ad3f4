"""``GET /live`` and ``GET /ready``: the probes of whoever runs the processes. They tell nothing else.

``/live`` is 200 while the event loop answers; ``/ready`` is 503 while the process drains, or cannot write the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from core.assembly.aion import Aion
from core.storage.database import DATABASE_FAILURES

log = logging.getLogger(__name__)

DATABASE_WITHIN_S = 4.0
"""Seconds a write may take: less than the usual timeout of a probe."""


def probes_router(aion: Aion, is_taking: Callable[[], bool] = lambda: True) -> APIRouter:
    """Return both routes. ``is_taking`` tells whether the process takes on anything new."""
    router = APIRouter()

    @router.get("/live")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/ready")
    async def ready() -> JSONResponse:
        is_ready = is_taking() and await _is_writable(aion)
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"status": "ok" if is_ready else "failing"}, status)

    return router


async def _is_writable(aion: Aion) -> bool:
    try:
        async with asyncio.timeout(DATABASE_WITHIN_S):
            await aion.require_writable()
    except (TimeoutError, *DATABASE_FAILURES) as error:
        log.error("not ready: the database cannot be written: %s", error or "no answer in time")
        return False
    return True
