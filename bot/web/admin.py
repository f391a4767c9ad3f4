"""Routes of ``/admin/review``: pending proposals of a space and decisions on them, behind a bearer token.

``GET /admin/review?space=discord:1`` lists; ``POST /admin/review/3/approve?space=discord:1`` and ``…/reject`` (body
``{"reason": "…"}`` or empty) decide and return the decision; one made earlier is returned with ``"is_new": false``.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from bot.web.bearer_token import guarded_router
from bot.web.fields import EncodableText, row_number
from core.knowledge.review import ReviewService
from core.services import Verdict
from core.types import Person, Proposal, Scope, SpaceId

ADMIN = Person("admin", "admin", is_moderator=True)


class DeclineReason(BaseModel):
    """The optional body of a rejection."""

    reason: EncodableText = ""


def admin_router(reviews: ReviewService, token: str) -> APIRouter:
    """Return the routes of ``/admin/review``; each needs ``Authorization: Bearer <token>``."""
    router = guarded_router(token)

    @router.get("/admin/review")
    async def pending(space: str) -> list[dict[str, Any]]:
        return [_as_json(proposal) for proposal in await reviews.at(Scope(SpaceId(space)), ADMIN).pending()]

    @router.post("/admin/review/{number}/approve")
    async def approve(number: str, space: str) -> dict[str, Any]:
        return _verdict_json(await reviews.at(Scope(SpaceId(space)), ADMIN).approve(row_number(number)))

    @router.post("/admin/review/{number}/reject")
    async def reject(number: str, space: str, why: DeclineReason | None = None) -> dict[str, Any]:
        return _verdict_json(
            await reviews.at(Scope(SpaceId(space)), ADMIN).reject(row_number(number), why.reason if why else "")
        )

    return router


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return _as_json(verdict.proposal) | {"is_new": verdict.is_new}


def _as_json(proposal: Proposal) -> dict[str, Any]:
    return {
        "number": proposal.id,
        "name": proposal.name,
        "title": proposal.title,
        "origin": proposal.origin,
        "score": proposal.score,
        "excerpts": list(proposal.excerpts),
        "status": proposal.status,
        "replaces": proposal.replaces,
    }
