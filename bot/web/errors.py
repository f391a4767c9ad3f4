"""Error responses in the form of OpenAI's error object, on every path.

``{"error": {"message": …, "type": …, "param": null, "code": …}}``. An unforeseen exception is a 500 without detail; its
traceback goes to the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import BadInput, GenerationFailed, PermissionRefused, Unavailable, UserError
from core.texts import explain

_STATUS: tuple[tuple[type[UserError], HTTPStatus], ...] = (
    (BadInput, HTTPStatus.BAD_REQUEST),
    (PermissionRefused, HTTPStatus.FORBIDDEN),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


class ApiError(HTTPException):
    """An HTTP error whose ``message`` is shown to the client; ``code`` identifies it for programs."""

    def __init__(
        self, status: HTTPStatus, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, dict(headers or {}))
        self.code = code


def api_error_of(error: UserError | GenerationFailed) -> ApiError:
    """Return the HTTP error for an error of the core, with its English sentence."""
    if isinstance(error, GenerationFailed):
        return ApiError(HTTPStatus.BAD_GATEWAY, "The model wrote nothing. Try again.", "generation_failed")
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    wait_s = error.values.get("wait_s")
    if wait_s is not None:
        return ApiError(HTTPStatus.TOO_MANY_REQUESTS, explain("en", error), "busy", {"Retry-After": str(wait_s)})
    return ApiError(status, explain("en", error), error.key)


def error_body(error: HTTPException) -> dict[str, Any]:
    """Return an HTTP error as OpenAI's error object."""
    status = HTTPStatus(error.status_code)
    kind = "rate_limit_error" if status == HTTPStatus.TOO_MANY_REQUESTS else "invalid_request_error"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = "server_error"
    code = getattr(error, "code", None)
    return {"error": {"message": error.detail, "type": kind, "param": None, "code": code}}


def add_error_handlers(app: FastAPI) -> None:
    """Answer every exception of ``app`` with OpenAI's error object."""

    async def answer(request: Request, error: Exception) -> JSONResponse:
        known = error if isinstance(error, HTTPException) else _api_error(error)
        return JSONResponse(error_body(known), known.status_code, known.headers)

    for kind in (HTTPException, RequestValidationError, UserError, GenerationFailed, Exception):
        app.add_exception_handler(kind, answer)


def _api_error(error: Exception) -> ApiError:
    match error:
        case UserError() | GenerationFailed():
            return api_error_of(error)
        case RequestValidationError():
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
            return ApiError(HTTPStatus.BAD_REQUEST, f"{where}: {first['msg']}", "bad_request")
        case _:
            return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong; the server's log says what.")
