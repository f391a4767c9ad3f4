"""Audit log: which moderator changed what, when."""

from __future__ import annotations

from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from bot.web.fields import row_number

N_ON_A_PAGE = 50


async def audit(visit: Visit) -> Response:
    """Show the newest changes, of those before a number."""
    before = row_number(visit.query("before")) if visit.query("before") else None
    found = await visit.aion.services.dashboard.audit.page(visit.space, before, N_ON_A_PAGE + 1)
    next_before = found[N_ON_A_PAGE - 1].id if len(found) > N_ON_A_PAGE else None
    return await visit.page("audit", events=found[:N_ON_A_PAGE], next_before=next_before)


ROUTES = (ScreenRoute("/audit", audit),)
