"""Review over HTTP, for whoever has the operator's token: what waits in a space, and deciding on it.

``GET /admin/review?space=discord:1`` lists; ``POST /admin/review/3/approve?space=discord:1`` and ``…/reject`` (with
``{"reason": "…"}`` or nothing) decide and return the decision, also one taken before: ``"is_new": false``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from fastapi import APIRouter
from pydantic import BaseModel

from bot.web.bearer import guarded_router
from core.services import ReviewPort, Verdict
from core.types import Person, Proposal, SpaceId

ADMIN = Person("admin", "admin", is_moderator=True)


class ReviewAccess(Protocol):
    """Every space's review."""

    @property
    def at(self) -> Callable[[SpaceId, Person], ReviewPort]:
        """Return the review of a space, for one who decides there."""
        ...


class DeclineReason(BaseModel):
    """Why something is declined."""

    reason: str = ""


def admin_router(reviews: ReviewAccess, token: str) -> APIRouter:
    """Return the paths of ``/admin/review``, which need ``token``."""
    router = guarded_router(token)

    @router.get("/admin/review")
    async def pending(space: str) -> list[dict[str, Any]]:
        return [_as_json(proposal) for proposal in await reviews.at(SpaceId(space), ADMIN).pending()]

    @router.post("/admin/review/{number}/approve")
    async def approve(number: int, space: str) -> dict[str, Any]:
        return _decided(await reviews.at(SpaceId(space), ADMIN).approve(number))

    @router.post("/admin/review/{number}/reject")
    async def reject(number: int, space: str, why: DeclineReason | None = None) -> dict[str, Any]:
        return _decided(await reviews.at(SpaceId(space), ADMIN).reject(number, why.reason if why else ""))

    return router


def _decided(verdict: Verdict) -> dict[str, Any]:
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
