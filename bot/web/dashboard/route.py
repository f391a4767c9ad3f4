"""Routes of pages: errors become pages, and every response carries the headers that keep a page to itself."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from bot.web.dashboard.pages import Pages
from core.errors import PermissionRefused, Unavailable, UserError
from core.texts import explain, language_of_locale, say
from core.types import Language

log = logging.getLogger(__name__)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Of every response. The policy allows our own files alone: a style or script that got into a page does nothing."""

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def page_router(pages: Pages, prefix: str, default_language: Language) -> APIRouter:
    """Return a router whose routes answer with pages, also when something goes wrong."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> _Handler:
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                try:
                    response = await _answered(handle, request, pages, default_language)
                finally:
                    await request.close()  # the files of a form
                response.headers.setdefault("Cache-Control", "no-store")
                response.headers.update(HEADERS)
                return response

            return answered

    return APIRouter(prefix=prefix, route_class=PageRoute, include_in_schema=False)


async def _answered(handle: _Handler, request: Request, pages: Pages, default_language: Language) -> Response:
    try:
        return await handle(request)
    except (HTTPException, RequestValidationError, UserError) as error:
        status, problem = _problem(error, language := _language(request, default_language))
        headers = error.headers if isinstance(error, HTTPException) else None
    except Exception:  # the error boundary: of a fault, nothing but its reference is shown
        reference = secrets.token_hex(3)
        log.exception("fault %s while answering %s", reference, request.url.path)
        language, headers = _language(request, default_language), None
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        problem = say(language, "error.internal", reference=reference)
    return HTMLResponse(
        pages.render("problem", language, {"status": status.value, "problem": problem}), status, headers
    )


def _problem(error: HTTPException | RequestValidationError | UserError, language: Language) -> tuple[HTTPStatus, str]:
    """Return the status of an error and its sentence."""
    match error:
        case PermissionRefused():
            return HTTPStatus.FORBIDDEN, explain(language, error)
        case Unavailable():
            return HTTPStatus.SERVICE_UNAVAILABLE, explain(language, error)
        case UserError():
            return HTTPStatus.BAD_REQUEST, explain(language, error)
        case RequestValidationError():
            return HTTPStatus.NOT_FOUND, say(language, "dashboard.not_found")
    match error.status_code:
        case HTTPStatus.UNAUTHORIZED:
            return HTTPStatus.UNAUTHORIZED, say(language, "dashboard.signed_off")
        case HTTPStatus.TOO_MANY_REQUESTS:
            wait_s = (error.headers or {}).get("Retry-After", "1")
            return HTTPStatus.TOO_MANY_REQUESTS, say(language, "limit.wait", wait_s=int(wait_s))
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, say(language, "dashboard.too_large")
        case status:
            return HTTPStatus(status), say(language, "dashboard.not_found")


def _language(request: Request, default_language: Language) -> Language:
    """Return the session's language, else the first one the browser asks for."""
    known: Language | None = getattr(request.state, "language", None)
    return known or language_of_locale(request.headers.get("accept-language"), default_language)
