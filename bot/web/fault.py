"""What a client reads when something is wrong: OpenAI's error object, whatever the path.

``{"error": {"message": …, "type": …, "param": null, "code": …}}``; anything unforeseen is a 500 without detail, and
its traceback is in the log.
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


class Fault(HTTPException):
    """An error a client may read. ``code`` is what programs go by."""

    def __init__(
        self, status: HTTPStatus, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, dict(headers or {}))
        self.code = code


def fault_of(error: UserError | GenerationFailed) -> Fault:
    """Return what a client reads of an error of the core; only what is meant for people is told."""
    if isinstance(error, GenerationFailed):
        return Fault(HTTPStatus.BAD_GATEWAY, "The model wrote nothing. Try again.", "generation_failed")
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    wait_s = error.values.get("wait_s")
    if wait_s is not None:
        return Fault(HTTPStatus.TOO_MANY_REQUESTS, explain("en", error), "busy", {"Retry-After": str(wait_s)})
    return Fault(status, explain("en", error), error.key)


def body_of(fault: HTTPException) -> dict[str, Any]:
    """Return a fault as OpenAI's error object."""
    status = HTTPStatus(fault.status_code)
    kind = "rate_limit_error" if status == HTTPStatus.TOO_MANY_REQUESTS else "invalid_request_error"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = "server_error"
    code = getattr(fault, "code", None)
    return {"error": {"message": fault.detail, "type": kind, "param": None, "code": code}}


def add_fault_handlers(app: FastAPI) -> None:
    """Have an application answer every error in this form."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        fault = error if isinstance(error, HTTPException) else _fault(error)
        return JSONResponse(body_of(fault), fault.status_code, fault.headers)

    for kind in (HTTPException, RequestValidationError, UserError, GenerationFailed, Exception):
        app.add_exception_handler(kind, known)


def _fault(error: Exception) -> Fault:
    match error:
        case UserError() | GenerationFailed():
            return fault_of(error)
        case RequestValidationError():
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
            return Fault(HTTPStatus.BAD_REQUEST, f"{where}: {first['msg']}", "bad_request")
        case _:
            return Fault(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong; the server's log says what.")
