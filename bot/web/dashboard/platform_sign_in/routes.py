"""The routes of signing in by a platform: to the platform, back from it, and then which community.

What a platform tells is who somebody is; whether they moderate is asked of each community as at every request, and a
one-time link is made of each where they do.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.web.dashboard.platform_sign_in.discord_oauth import API_BASE, DiscordOAuth
from bot.web.dashboard.platform_sign_in.pending import LIFETIME_S, PendingSignIn, PendingSignIns
from bot.web.dashboard.platform_sign_in.telegram_login import TelegramLogin
from bot.web.dashboard.sign_in import DOORSTEP, DOORSTEP_S
from bot.web.dashboard.visit import PATH, DashboardHost, require_same_origin, set_cookie
from core.dashboard.sign_in_links import SignIn
from core.errors import PermissionRefused
from core.settings import Settings
from core.texts import language_of_locale
from core.types import Person, SpaceId, is_private

STATE = "aion_state"
"""The cookie that names the sign-in a browser began."""

MAX_COMMUNITIES = 100
"""Communities of a platform that are asked whether somebody moderates them."""

AT_ONCE = 8


class AskedPlatform(Protocol):
    """A platform that a browser is sent to."""

    def address(self, pending: PendingSignIn) -> str:
        """Return where a browser is sent to sign in."""
        ...


@dataclass(frozen=True, slots=True)
class SignInPlatforms:
    """The platforms that one can sign in by, each where it is configured."""

    discord: DiscordOAuth | None = None
    telegram: TelegramLogin | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of those that are configured."""
        known = {"discord": self.discord, "telegram": self.telegram}
        return tuple(name for name, platform in known.items() if platform is not None)


NO_PLATFORMS = SignInPlatforms()


def platforms_of(settings: Settings) -> SignInPlatforms:
    """Return the platforms that the operator's settings configure."""
    address, discord, telegram = settings.dashboard_address, None, None
    secret = settings.discord_client_secret and settings.discord_client_secret.get_secret_value().strip()
    if address and settings.discord_client_id and secret:
        callback, base = f"{address}{PATH}/sign-in/discord/done", settings.discord_api_base or API_BASE
        discord = DiscordOAuth(settings.discord_client_id, secret, callback, base.rstrip("/"))
    token = settings.telegram_token and settings.telegram_token.get_secret_value().strip()
    if address and settings.telegram_login and token:
        telegram = TelegramLogin(token, address, f"{address}{PATH}/sign-in/telegram/done")
    return SignInPlatforms(discord, telegram)


@dataclass(frozen=True, slots=True)
class PlatformSignInRoutes:
    """Signing in by Discord and Telegram."""

    host: DashboardHost
    platforms: SignInPlatforms
    pending: PendingSignIns
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def add_to(self, router: APIRouter) -> None:
        """Add the routes of the platforms that are configured."""
        if self.platforms.discord is not None:
            router.add_api_route("/sign-in/discord", self.to_discord, methods=["GET"])
            router.add_api_route("/sign-in/discord/done", self.from_discord, methods=["GET"])
        if self.platforms.telegram is not None:
            router.add_api_route("/sign-in/telegram", self.to_telegram, methods=["GET"])
            router.add_api_route("/sign-in/telegram/done", self.telegram_result, methods=["GET"])
            router.add_api_route("/sign-in/telegram/done", self.from_telegram, methods=["POST"])

    async def to_discord(self, request: Request) -> Response:
        """Send a browser to Discord."""
        return self._leave(request, self.platforms.discord)

    async def to_telegram(self, request: Request) -> Response:
        """Send a browser to Telegram."""
        return self._leave(request, self.platforms.telegram)

    async def from_discord(self, request: Request) -> Response:
        """Take a browser back from Discord, with a code."""
        self.host.admit_address(request)
        pending, code = self._finish(request, request.query_params.get("state", "")), request.query_params.get("code")
        if not code or self.platforms.discord is None:
            raise PermissionRefused("dashboard.not_signed_in")
        return await self._offer(request, await self.platforms.discord.account(code, pending))

    async def telegram_result(self, request: Request) -> Response:
        """Show a page whose script sends what Telegram told the browser."""
        self.host.admit_address(request)
        language = language_of_locale(request.headers.get("accept-language"), self.host.aion.settings.language)
        values = {"state": request.query_params.get("state", "")[:100]}
        return HTMLResponse(self.host.pages.render("telegram_result", language, values))

    async def from_telegram(self, request: Request) -> Response:
        """Take what Telegram told the browser."""
        self.host.admit_address(request)
        require_same_origin(request)
        form = await request.form()
        self._finish(request, str(form.get("state", "")))
        telegram = self.platforms.telegram
        person = telegram.account(str(form.get("result", "")), self.now()) if telegram is not None else None
        if person is None:
            raise PermissionRefused("dashboard.not_signed_in")
        return await self._offer(request, person)

    def _leave(self, request: Request, platform: AskedPlatform | None) -> Response:
        """Return the way to a platform, and remember in the browser which sign-in it began."""
        self.host.admit_address(request)
        begun = self.pending.begin()
        address = platform.address(begun) if platform is not None else PATH
        response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
        set_cookie(self.host, response, STATE, begun.state, max_age_s=int(LIFETIME_S))
        return response

    def _finish(self, request: Request, state: str) -> PendingSignIn:
        """Return the sign-in that this browser began. Raises ``PermissionRefused`` for another, and the second time."""
        known = request.cookies.get(STATE, "")
        found = self.pending.finish(state) if known and hmac.compare_digest(known.encode(), state.encode()) else None
        if found is None:
            raise PermissionRefused("dashboard.stale_form")
        return found

    async def _offer(self, request: Request, person: Person) -> Response:
        """Show the communities that somebody moderates, with a button for each that opens its dashboard once."""
        language = language_of_locale(request.headers.get("accept-language"), self.host.aion.settings.language)
        request.state.language = language
        spaces = await self._moderated(person)
        if not spaces:
            raise PermissionRefused("dashboard.moderates_nothing")
        links, now, doorstep = self.host.aion.services.dashboard.links, self.now(), secrets.token_urlsafe(16)
        choices = [(title, await links.add(SignIn(space, person, language), now)) for space, title in spaces]
        values = {"choices": choices, "doorstep": doorstep, "person": person.name}
        response = HTMLResponse(self.host.pages.render("sign_in", language, values))
        set_cookie(self.host, response, DOORSTEP, doorstep, max_age_s=DOORSTEP_S)
        response.delete_cookie(STATE, path=PATH)
        return response

    async def _moderated(self, person: Person) -> list[tuple[SpaceId, str]]:
        """Return the communities that somebody moderates now, with their titles, by title."""
        platform, _, number = person.id.partition(":")
        known = [
            (space, self.host.roles.title(space) or space)
            for space in await self.host.aion.stores.spaces.communities(platform)
            if not is_private(space) or space.rpartition(":")[2] == number
        ][:MAX_COMMUNITIES]
        turns = asyncio.Semaphore(AT_ONCE)

        async def moderates(space: SpaceId) -> bool:
            async with turns:
                return await self.host.moderates(space, person)

        found = await asyncio.gather(*(moderates(space) for space, _ in known))
        moderated = [each for each, is_theirs in zip(known, found, strict=True) if is_theirs]
        return sorted(moderated, key=lambda each: each[1].casefold())
