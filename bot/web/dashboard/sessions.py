"""One's sessions, their end, and the language of the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import HTMLResponse, Response

from bot.web.dashboard.visit import PATH, ScreenRoute, Visit
from core.dashboard.sessions import DashboardSessions
from core.errors import BadInput
from core.types import LANGUAGES


async def sessions(visit: Visit) -> Response:
    """Show where the moderator is signed in."""
    found = await _sessions(visit).of(visit.space, visit.session.pseudonym, datetime.now(UTC))
    return await visit.page("sessions", sessions=found, current=visit.session.id)


async def revoke(visit: Visit) -> Response:
    """End one of the moderator's sessions."""
    if not await _sessions(visit).revoke(visit.space, visit.session.pseudonym, visit.number):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return visit.back("/sessions", "session_ended")


async def sign_out(visit: Visit) -> Response:
    """End the session of this browser."""
    await _sessions(visit).revoke(visit.space, visit.session.pseudonym, visit.session.id)
    response = HTMLResponse(visit.host.pages.render("signed_out", visit.language, {}))
    response.delete_cookie(visit.host.cookie, path=PATH)
    return response


async def speak(visit: Visit) -> Response:
    """Show the pages in another language from now on."""
    chosen = next((each for each in LANGUAGES if each == visit.text("language")), None)
    if chosen is None:
        raise BadInput("dashboard.not_found")
    await _sessions(visit).speak(visit.session, chosen)
    return visit.back("/today")


ROUTES = (
    ScreenRoute("/sessions", sessions),
    ScreenRoute("/sessions/{number}/revoke", revoke, is_action=True),
    ScreenRoute("/sign-out", sign_out, is_action=True),
    ScreenRoute("/language", speak, is_action=True),
)


def _sessions(visit: Visit) -> DashboardSessions:
    return visit.aion.services.dashboard.sessions
