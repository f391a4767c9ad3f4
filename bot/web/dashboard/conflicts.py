"""Contradictions between what was taught: which holds, decided with one press, and undone with another."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from bot.web.fields import row_number
from core.services.conflicts import VERDICTS


async def conflicts(visit: Visit) -> Response:
    """Show a page of the contradictions, open ones first."""
    page = await visit.services.conflicts.page(row_number(visit.query("page", "1")))
    return await visit.page("conflicts", found=page, verdicts=VERDICTS)


async def decide(visit: Visit) -> Response:
    """Decide a contradiction that is open."""
    outcome = await visit.services.conflicts.settle(await _known(visit), visit.text("verdict"))
    page = "/conflicts" if visit.text("from") == "conflicts" else "/today"
    if not outcome.is_new:
        return visit.back(page, "already_settled")
    await visit.note("settle", f"#{outcome.conflict.id} {outcome.conflict.first.quote}", outcome.conflict.status)
    return visit.back(page, "settled")


async def undo(visit: Visit) -> Response:
    """Open a contradiction again."""
    conflict = await visit.services.conflicts.decide(await _known(visit), "open")
    await visit.note("reopen", f"#{conflict.id} {conflict.first.quote}")
    return visit.back("/conflicts", "reopened")


ROUTES = (
    ScreenRoute("/conflicts", conflicts),
    ScreenRoute("/conflicts/{number}/decide", decide, is_action=True),
    ScreenRoute("/conflicts/{number}/undo", undo, is_action=True),
)


async def _known(visit: Visit) -> int:
    """Return the number in the path. Raises a 404 where the moderator may read no contradiction of that number."""
    if await visit.aion.stores.conflicts.get(visit.message.scope, visit.number) is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return visit.number
