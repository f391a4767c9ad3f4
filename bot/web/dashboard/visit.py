"""One request of a signed-in moderator: who asks, in which space, and what they may use.

The session, the person's role, the limit on requests and, where something is changed, the form's token are checked at
every request, before anything else is read.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.delivery.tasks import TaskSet
from bot.web.dashboard.knowledge_map import MapCache
from bot.web.dashboard.pages import Pages
from bot.web.dashboard.roles import RoleSource
from bot.web.fields import row_number
from core.assembly.aion import Aion
from core.chat.rate_limits import MessageLimits
from core.control_characters import without_controls
from core.dashboard.sessions import DashboardSession
from core.dashboard.token import MAX_TOKEN_CHARS, csrf_token
from core.errors import BadInput, PermissionRefused
from core.services import SpaceServices
from core.texts import say
from core.types import Language, Message, Person, Rate, Scope, SpaceId, is_private, readers_of, space_of_readers

log = logging.getLogger(__name__)

PATH = "/dashboard"

COOKIE = "aion_dashboard"

PER_SESSION = Rate(240)
COSTLY = Rate(20)
"""Of a session, and those of them that search, read pages or write."""

PER_ADDRESS = Rate(60)
"""Requests a minute without a session, which only sign-in links and pages that refuse are for."""

ROLE_WITHIN_S = 15.0
"""Seconds a platform may take to say whether somebody moderates."""

MAX_FIELD_CHARS = 20_000
MAX_QUERY_CHARS = 500


@dataclass(frozen=True, slots=True)
class DashboardHost:
    """What every screen is given: AION, the roles of people on their platforms, the pages, and limits on requests.

    ``tasks`` go on after a response.
    """

    aion: Aion
    roles: RoleSource
    pages: Pages
    limits: MessageLimits
    tasks: TaskSet
    maps: MapCache = field(default_factory=MapCache)

    def admit_address(self, request: Request) -> None:
        """Count a request without a session. Raises a 429 over the limit of its address."""
        address = request.client.host if request.client else ""
        self._take(f"address:{address}", PER_ADDRESS)

    def admit_session(self, session: DashboardSession) -> None:
        """Count a request of a session. Raises a 429 over its limit."""
        self._take(f"session:{session.id}", PER_SESSION)

    def admit_costly(self, session: DashboardSession) -> None:
        """Count a request that makes AION search, read or write. Raises a 429 over its limit."""
        self._take(f"costly:{session.id}", COSTLY)

    async def moderates(self, space: SpaceId, person: Person) -> bool:
        """Return whether a person may use the dashboard of a space now."""
        if is_private(space):
            is_theirs = space.replace(":dm:", ":") == person.id
            there = _message(space, person)
            return is_theirs and self.aion.dispatch.private_teaching.bound(there).person.is_moderator
        try:
            async with asyncio.timeout(ROLE_WITHIN_S):
                return await self.roles.is_moderator(space, person.id)
        except TimeoutError:
            log.warning("taken for no moderator, since the platform of %s took too long", space)
            return False

    @property
    def cookie(self) -> str:
        """Return the name of the session's cookie; ``__Secure-``: browsers take it over TLS alone (RFC 6265bis)."""
        return f"__Secure-{COOKIE}" if self.is_https else COOKIE

    @property
    def is_https(self) -> bool:
        """Return whether the dashboard's address is one over TLS."""
        return self.aion.services.dashboard.address.startswith("https://")

    def _take(self, name: str, rate: Rate) -> None:
        if (wait_s := self.limits.take([(name, rate)])) > 0:
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": str(math.ceil(wait_s))})


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a moderator; ``form`` holds the fields of one that changes something."""

    host: DashboardHost
    request: Request
    session: DashboardSession
    person: Person
    token: str
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def space(self) -> SpaceId:
        """Return the space whose dashboard is open."""
        return self.session.space

    @property
    def is_operator(self) -> bool:
        """Return whether the moderator is one of the operator's own accounts."""
        return self.person.id in self.aion.settings.operators

    @property
    def language(self) -> Language:
        """Return the language of the pages."""
        return self.session.language

    @property
    def aion(self) -> Aion:
        """Return the running AION."""
        return self.host.aion

    @property
    def message(self) -> Message:
        """Return the request as a message in the space, to which the services are bound as to those of chat."""
        return _message(self.space, self.person)

    async def audiences(self) -> Mapping[SpaceId, str]:
        """Return the audiences of the community that the moderator belongs to now, with their names, by name."""
        belongs = await self.host.roles.memberships(self.space, self.person.id)
        known = await self.aion.stores.spaces.audiences(self.space)
        named = {space_of_readers(self.space, [reader]): name for reader, name in belongs.items()}
        for space in known:
            if any(reader in belongs for reader in readers_of(space)):
                named[space] = " ".join(belongs.get(reader, reader) for reader in readers_of(space))
        return dict(sorted(named.items(), key=lambda each: each[1].casefold()))

    def scope_of(self, audiences: Iterable[SpaceId]) -> Scope:
        """Return what everyone of the community may read, and these audiences, which the moderator belongs to."""
        return Scope(self.space, tuple(audiences))

    @property
    def services(self) -> SpaceServices:
        """Return the services of chat commands, bound to the space and the moderator."""
        return self.aion.services.at(self.message, self.language)

    @property
    def number(self) -> int:
        """Return the number in the path. Raises a 404 where no row can have it."""
        return row_number(str(self.request.path_params["number"]))

    def query(self, name: str, default: str = "") -> str:
        """Return a value of the address without control characters, cut at ``MAX_QUERY_CHARS``."""
        return without_controls(self.request.query_params.get(name, default)).strip()[:MAX_QUERY_CHARS]

    def text(self, name: str) -> str:
        """Return a field of the form without control characters. Raises ``BadInput`` when it is too long."""
        typed = without_controls(self.form.get(name, "")).strip()
        if len(typed) > MAX_FIELD_CHARS:
            raise BadInput("dashboard.too_long", limit=MAX_FIELD_CHARS)
        return typed

    async def page(self, name: str, **values: Any) -> HTMLResponse:
        """Return the page of a template."""
        screens = self.aion.services.plugins.screens
        chrome = {
            "here": name,
            "community": self.host.roles.title(self.space) or self.space,
            "person": self.person.name,
            "csrf": csrf_token(self.token),
            "said": self._said(),
            "links": await screens.links(self.space, self.language, self.is_operator),
        }
        return HTMLResponse(self.host.pages.render(name, self.language, chrome | values))

    def back(self, path: str, said: str = "", **numbers: int) -> RedirectResponse:
        """Return the way to a page after a change, which there is named by the sentence ``said`` (``saying.…``)."""
        query = f"?{urlencode({'said': said, **numbers})}" if said else ""
        return RedirectResponse(f"{PATH}{path}{query}", HTTPStatus.SEE_OTHER)

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Record a change that was made."""
        await self.aion.services.dashboard.of(self.message, self.language).note(action, subject, detail)

    def _said(self) -> str:
        """Return the sentence that the last change is told by; empty without one."""
        said, n = self.request.query_params.get("said", ""), self.request.query_params.get("n", "0")
        if not said.isidentifier() or not (n.isascii() and n.isdigit() and len(n) < 10):
            return ""
        try:
            return say(self.language, f"saying.{said}", n=int(n))
        except KeyError:
            return ""


Screen = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class ScreenRoute:
    """A path below ``/dashboard`` and what answers it; ``is_action``: it takes our own forms alone."""

    path: str
    screen: Screen
    is_action: bool = False


@dataclass(frozen=True, slots=True)
class Visits:
    """Admits requests to screens."""

    host: DashboardHost

    def add(self, router: APIRouter, route: ScreenRoute) -> None:
        """Add a screen's route, which is reached by those who are admitted."""
        admit = self.acting if route.is_action else self.reading

        async def answered(request: Request) -> Response:
            return await route.screen(await admit(request))

        router.add_api_route(route.path, answered, methods=["POST" if route.is_action else "GET"])

    async def reading(self, request: Request) -> Visit:
        """Admit a request that changes nothing. Raises a 401, a 403 or a 429, and ``PermissionRefused``."""
        token = request.cookies.get(self.host.cookie, "")
        session = await self._session(token)
        if session is None:
            self.host.admit_address(request)
            raise HTTPException(HTTPStatus.UNAUTHORIZED)
        request.state.language = session.language
        self.host.admit_session(session)
        if not await self.host.moderates(session.space, session.person):
            raise PermissionRefused("dashboard.no_moderator")
        return Visit(self.host, request, session, replace(session.person, is_moderator=True), token)

    async def acting(self, request: Request) -> Visit:
        """Admit a request that changes something: one of our own forms. Raises as ``reading`` does, and a 403."""
        require_same_origin(request)
        visit = await self.reading(request)
        form = await request.form()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        if not hmac.compare_digest(fields.get("csrf", "").encode(), csrf_token(visit.token).encode()):
            raise PermissionRefused("dashboard.stale_form")
        return replace(visit, form=fields)

    async def _session(self, token: str) -> DashboardSession | None:
        if not token or len(token) > MAX_TOKEN_CHARS:
            return None
        return await self.host.aion.services.dashboard.sessions.find(token, datetime.now(UTC))


def require_same_origin(request: Request) -> None:
    """Raise ``PermissionRefused`` where a browser says that another site's page sends a form."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    is_other = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if site not in ("same-origin", "none") or (is_other and "sec-fetch-site" not in request.headers):
        raise PermissionRefused("dashboard.stale_form")


def set_cookie(host: DashboardHost, response: Response, name: str, value: str, max_age_s: int | None = None) -> None:
    """Let the browser keep a cookie, and send it with requests of our own pages alone; no script can read it."""
    response.set_cookie(name, value, max_age_s, httponly=True, samesite="lax", secure=host.is_https, path=PATH)


def _message(space: SpaceId, person: Person) -> Message:
    return Message(f"dashboard:{uuid.uuid4()}", "http", space, f"{space}:dashboard", person, "")
