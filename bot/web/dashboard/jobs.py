"""Jobs: what was read from the web for the community, and the regular jobs of this AION."""

from __future__ import annotations

from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from core.jobs.regular import EVERY
from core.jobs.status import JobBoard

N_READINGS = 20


async def jobs(visit: Visit) -> Response:
    """Show the last readings and the state of every job; their details are the operator's."""
    readings = await visit.services.learning.readings(N_READINGS)
    board = JobBoard(visit.aion.stores.job_runs, EVERY)
    return await visit.page("jobs", readings=readings, jobs=await board.status(), is_operator=visit.is_operator)


ROUTES = (ScreenRoute("/jobs", jobs),)
