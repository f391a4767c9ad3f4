"""Jobs: what was read from the web for the community, and the regular jobs of this AION."""

from __future__ import annotations

from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from core.jobs.regular import EVERY
from core.jobs.status import JobBoard
from core.texts import say
from core.types import Language

N_READINGS = 20


async def jobs(visit: Visit) -> Response:
    """Show the last readings and the state of every job, those of plugins where they are enabled.

    Their details are the operator's.
    """
    readings = await visit.services.learning.readings(N_READINGS)
    enabled = {card.name for card in await visit.services.plugins.all(visit.language) if card.state == "on"}
    board = JobBoard(visit.aion.stores.job_runs, EVERY)
    jobs = [job for job in await board.status() if job.name in EVERY or job.name.partition(".")[0] in enabled]
    titled = [(_title(visit.language, job.name), job) for job in jobs]
    return await visit.page("jobs", readings=readings, jobs=titled, is_operator=visit.is_operator)


def _title(language: Language, name: str) -> str:
    """Return what a job does; the name of a plugin's job, which says so itself."""
    return say(language, f"job.{name.replace('-', '_')}") if name in EVERY else name


ROUTES = (ScreenRoute("/jobs", jobs),)
