"""The routes of ``/dashboard``: its files, signing in, and the screens."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from bot.delivery.tasks import TaskSet
from bot.web.dashboard import (
    audit,
    brigades,
    conflicts,
    conversations,
    gaps,
    jobs,
    knowledge,
    models,
    plugin_screens,
    quality,
    sessions,
    settings,
    today,
)
from bot.web.dashboard.pages import STATIC, Pages
from bot.web.dashboard.platform_sign_in.pending import PendingSignIns
from bot.web.dashboard.platform_sign_in.routes import NO_PLATFORMS, PlatformSignInRoutes, SignInPlatforms
from bot.web.dashboard.roles import RoleSource
from bot.web.dashboard.route import page_router
from bot.web.dashboard.sign_in import SignInRoutes
from bot.web.dashboard.visit import PATH, DashboardHost, Visits
from core.assembly.aion import Aion
from core.chat.rate_limits import MessageLimits
from core.types import Rates

SCREENS = (
    today,
    conflicts,
    brigades,
    gaps,
    conversations,
    knowledge,
    quality,
    models,
    jobs,
    settings,
    audit,
    sessions,
    plugin_screens,
)

SCREEN_ROUTES = tuple(route for screen in SCREENS for route in screen.ROUTES)
"""Every path that needs a session."""


def dashboard_router(
    aion: Aion,
    roles: RoleSource,
    tasks: TaskSet,
    now_s: Callable[[], float] = time.monotonic,
    platforms: SignInPlatforms = NO_PLATFORMS,
) -> APIRouter:
    """Return the routes of the dashboard; ``roles`` says at every request who moderates.

    ``platforms`` are those that one can sign in by, beside the link that the bot sends.
    ``tasks`` are those that go on after a response; whoever made the set ends it. ``now_s``: a
    monotonic clock, for the limits on requests.
    """
    pages = Pages(platforms.names)
    host = DashboardHost(aion, roles, pages, MessageLimits(Rates(), now_s), tasks)
    router = page_router(pages, PATH, aion.settings.language)

    async def static(name: str) -> Response:
        if name not in STATIC:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        forever = {"Cache-Control": "public, max-age=31536000, immutable"}  # pages name the version
        return Response(pages.static[name], media_type=STATIC[name], headers=forever)

    async def home() -> Response:
        return RedirectResponse(f"{PATH}/today", HTTPStatus.SEE_OTHER)

    async def nothing(request: Request) -> Response:
        host.admit_address(request)
        raise HTTPException(HTTPStatus.NOT_FOUND)

    router.add_api_route("/static/{name}", static)
    router.add_api_route("", home)
    SignInRoutes(host).add_to(router)
    PlatformSignInRoutes(host, platforms, PendingSignIns(now_s)).add_to(router)
    for route in SCREEN_ROUTES:
        Visits(host).add(router, route)
    router.add_api_route("/{rest:path}", nothing)
    return router
