"""Routes of ``/v1`` for other programs: ``POST /v1/ask`` and ``/v1/search``, ``GET /v1/gaps``, ``/v1/me``; OpenAPI.

Each needs ``Authorization: Bearer <token>`` of a program (``aion tokens add``), which names the one space it reads.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from bot.web.api_description import ERRORS, describe
from bot.web.bearer_token import bearer_of
from bot.web.errors import ApiError
from bot.web.fields import EncodableText
from core.errors import PermissionRefused
from core.programs.port import MAX_FOUND, ProgramPort, ProgramsPort
from core.programs.results import AskResult, FoundPassage, OpenQuestion, ProgramIdentity
from core.texts import explain

Limit = Annotated[int, Field(ge=1, le=MAX_FOUND, description="At most so many.")]


class AskRequest(BaseModel):
    """A question, in the words in which a person would ask it."""

    question: EncodableText


class SearchRequest(BaseModel):
    """What to look for."""

    query: EncodableText
    limit: Limit = 8


def programs_router(programs: ProgramsPort) -> APIRouter:
    """Return the routes of ``/v1``."""

    async def admitted(request: Request) -> ProgramPort:
        try:
            return await programs.admit(bearer_of(request))
        except PermissionRefused as error:
            headers = {"WWW-Authenticate": "Bearer"}
            raise ApiError(HTTPStatus.UNAUTHORIZED, explain("en", error), "invalid_api_key", headers) from None

    router = APIRouter(prefix="/v1", responses=ERRORS)
    program = Depends(admitted)

    @router.post("/ask")
    async def ask(asked: AskRequest, program: ProgramPort = program) -> AskResult:
        """Answer a question from the community's documents; not knowing is the outcome ``unknown``."""
        return await program.ask(asked.question)

    @router.post("/search")
    async def search(asked: SearchRequest, program: ProgramPort = program) -> tuple[FoundPassage, ...]:
        """Return the passages nearest to a query, best first."""
        return await program.search(asked.query, asked.limit)

    @router.get("/gaps")
    async def gaps(
        limit: Annotated[int, Query(ge=1, le=MAX_FOUND)] = MAX_FOUND, program: ProgramPort = program
    ) -> tuple[OpenQuestion, ...]:
        """Return what people asked without a good answer, most people first."""
        return await program.gaps(limit)

    @router.get("/me")
    async def me(program: ProgramPort = program) -> ProgramIdentity:
        """Return what the token stands for."""
        return program.identity

    description = describe(router)

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        return description

    return router
