"""The OpenAPI 3.1 description of ``/v1``: its routes with their errors, and the events that webhooks receive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from core.types import EVENT_KINDS

EVENTS: Mapping[str, str] = {
    "answer.given": "A question was answered.",
    "answer.declined": "AION did not know, or offered the closest it found: a gap.",
    "answer.rated": "Somebody pressed a thumb under an answer, or took it back.",
    "document.learned": "A document was learned, or a new version of one.",
    "document.forgotten": "A document was forgotten.",
    "proposal.waiting": "A text waits for a moderator's approval.",
    "conflict.found": "Two documents contradict each other.",
    "source.failing": "A watched source cannot be read any more.",
    "lora.promoted": "A LoRA version answers from now on: it proved better, or the operator promoted it.",
    "backup.overdue": "The last good backup is too old. For the operator's webhooks.",
}
"""Every kind of event, and what it says."""


class ApiProblem(BaseModel):
    """What went wrong: ``code`` is for programs, ``message`` for people."""

    message: str
    type: str
    param: None = None
    code: str | None = None


class ErrorReply(BaseModel):
    """The body of every response that is an error."""

    error: ApiProblem


class WebhookBody(BaseModel):
    """What a webhook receives. ``data`` depends on ``type``; nothing in it names a person."""

    type: str
    timestamp: str
    data: dict[str, str | int | float | None]


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorReply, "description": "The request is wrong: ``message`` says how."},
    401: {"model": ErrorReply, "description": "The token is missing, unknown or revoked."},
    413: {"model": ErrorReply, "description": "The body is too large."},
    429: {"model": ErrorReply, "description": "Too many requests: ``Retry-After`` says for how many seconds."},
    503: {"model": ErrorReply, "description": "What the answer needs is not available now."},
}


def describe(router: APIRouter) -> dict[str, Any]:
    """Return the OpenAPI description of a router's routes, and of webhooks."""
    description = get_openapi(title="AION", version="1", routes=router.routes, webhooks=_webhooks().routes)
    components = description["components"]
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    description["security"] = [{"token": []}]
    for operations in (*description["paths"].values(), *description["webhooks"].values()):
        for operation in operations.values():
            operation["responses"].pop("422", None)  # what FastAPI would answer; here a wrong request is a 400
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    return description


def _webhooks() -> APIRouter:
    router = APIRouter()
    for kind in EVENT_KINDS:
        router.add_api_route(
            kind,
            _receive,
            methods=["POST"],
            summary=EVENTS[kind],
            description="Signed as Standard Webhooks 1.0 says. Any status of 200 to 299 takes it.",
            operation_id=f"webhook_{kind.replace('.', '_')}",
            openapi_extra={"security": []},
        )
    return router


async def _receive(
    body: WebhookBody,
    webhook_id: Annotated[str, Header(description="The same in every attempt.")],
    webhook_timestamp: Annotated[int, Header(description="Seconds since 1970.")],
    webhook_signature: Annotated[str, Header(description="v1, and base64 of HMAC-SHA256 of id.timestamp.body.")],
) -> None:
    """Describe what a receiver is sent."""
