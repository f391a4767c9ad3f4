"""Jobs: what was read from the web for the community, and the regular jobs of this AION."""

from __future__ import annotations

from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from core.jobs.regular import EVERY
from core.jobs.status import JobBoard

N_READINGS = 20


async def jobs(visit: Visit) -> Response:
    """Show the last readings and the state of every job, those of plugins where they are enabled.

    Their details are the operator's.
    """
    readings = await visit.services.learning.readings(N_READINGS)
    enabled = {card.name for card in await visit.services.plugins.all(visit.language) if card.state == "on"}
    board = JobBoard(visit.aion.stores.job_runs, EVERY)
    jobs = [job for job in await board.status() if job.name in EVERY or job.name.partition(".")[0] in enabled]
    return await visit.page("jobs", readings=readings, jobs=jobs, is_operator=visit.is_operator)


ROUTES = (ScreenRoute("/jobs", jobs),)
