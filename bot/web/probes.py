"""``GET /live`` and ``GET /ready``: the probes of whoever runs the processes. They tell nothing else.

``/live`` is 200 while the event loop answers; ``/ready`` is 503 while the process drains, or cannot write the database.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bot.web.database_check import DatabaseCheck
from core.assembly.aion import Aion


def probes_router(aion: Aion, is_taking: Callable[[], bool] = lambda: True) -> APIRouter:
    """Return both routes. ``is_taking`` tells whether the process takes on anything new."""
    router, database = APIRouter(), DatabaseCheck(aion)

    @router.get("/live")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/ready")
    async def ready() -> JSONResponse:
        is_ready = is_taking() and await database.backlog() is not None
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"status": "ok" if is_ready else "failing"}, status)

    return router
