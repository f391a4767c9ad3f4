"""Bearer token authentication of routes (RFC 6750). The token is checked before a body is read."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import SecretStr

from bot.web.errors import ApiError
from core.errors import Unavailable

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is a loopback address or ``localhost``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def require_token(host: str, token: SecretStr | None) -> str | None:
    """Return the token without surrounding spaces, ``None`` for an empty one.

    Raises ``Unavailable`` when it is empty and ``host`` is not loopback.
    """
    stated = token.get_secret_value().strip() if token else ""
    if not stated and not is_loopback(host):
        raise Unavailable("web.no_token", host=host)
    return stated or None


def guarded_router(token: str | None) -> APIRouter:
    """Return a router whose routes need ``Authorization: Bearer <token>``; with ``None`` they are open."""

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> _Handler:
            handle = super().get_route_handler()

            async def checked(request: Request) -> Response:
                if token is not None:
                    require_bearer(request, token)
                return await handle(request)

            return checked

    return APIRouter(route_class=GuardedRoute)


def bearer_of(request: Request) -> str:
    """Return the bearer token of a request; empty where it carries none."""
    return bearer_in(request.headers)


def bearer_in(headers: Mapping[str, str]) -> str:
    """Return the bearer token in a request's headers, named in lower case; empty where there is none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def require_bearer(request: Request, token: str) -> None:
    """Raise a 401 ``ApiError`` unless the request carries the token. Compares in constant time."""
    if not hmac.compare_digest(bearer_of(request).encode(), token.encode()):
        problem = "The bearer token is missing or wrong."
        raise ApiError(HTTPStatus.UNAUTHORIZED, problem, "invalid_api_key", {"WWW-Authenticate": "Bearer"})
