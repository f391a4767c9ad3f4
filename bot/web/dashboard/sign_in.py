"""Signing in by a one-time link.

Opening a link only shows a button: programs that preview links would otherwise use it up.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.web.dashboard.visit import PATH, DashboardHost, require_same_origin, set_cookie
from core.dashboard.sign_in_links import SignIn
from core.dashboard.token import MAX_TOKEN_CHARS
from core.errors import PermissionRefused

DOORSTEP = "aion_sign_in"
"""The cookie that a sign-in form must match: another site cannot sign somebody in as somebody else."""

DOORSTEP_S = 600


@dataclass(frozen=True, slots=True)
class SignInRoutes:
    """The two steps of signing in."""

    host: DashboardHost

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/sign-in", self.offer, methods=["GET"])
        router.add_api_route("/sign-in", self.sign_in, methods=["POST"])

    async def offer(self, request: Request) -> Response:
        """Show whom a link signs in, with a button, and leave the link unused."""
        self.host.admit_address(request)
        token, doorstep = request.query_params.get("token", ""), secrets.token_urlsafe(16)
        found = await self._find(request, token)
        choices = [(self.host.roles.title(found.space) or found.space, token)]
        values = {"choices": choices, "doorstep": doorstep, "person": found.person.name}
        response = HTMLResponse(self.host.pages.render("sign_in", found.language, values))
        set_cookie(self.host, response, DOORSTEP, doorstep, max_age_s=DOORSTEP_S)
        return response

    async def sign_in(self, request: Request) -> Response:
        """Use a link: open a session of its person, who still moderates."""
        self.host.admit_address(request)
        require_same_origin(request)
        form = await request.form()
        doorstep, token = str(form.get("doorstep", "")), str(form.get("token", ""))
        known = request.cookies.get(DOORSTEP, "")
        if not known or not hmac.compare_digest(doorstep.encode(), known.encode()):
            raise PermissionRefused("dashboard.stale_form")
        found = await self._find(request, token)
        if not await self.host.moderates(found.space, found.person):
            raise PermissionRefused("dashboard.no_moderator")
        now = datetime.now(UTC)
        service = self.host.aion.services.dashboard
        if await service.links.use(token, now) is None:
            raise PermissionRefused("dashboard.useless_link")
        response = RedirectResponse(f"{PATH}/today", HTTPStatus.SEE_OTHER)
        set_cookie(self.host, response, self.host.cookie, await service.sessions.open(found, now))
        response.delete_cookie(DOORSTEP, path=PATH)
        return response

    async def _find(self, request: Request, token: str) -> SignIn:
        """Return whom a link would sign in. Raises ``PermissionRefused`` when it is of no use."""
        found = None
        if 0 < len(token) <= MAX_TOKEN_CHARS:
            found = await self.host.aion.services.dashboard.links.find(token, datetime.now(UTC))
        if found is None:
            raise PermissionRefused("dashboard.useless_link")
        request.state.language = found.language
        return found
