"""Vote brigades: newcomers who gave the same thumb together. Their thumbs are withdrawn, or count as anybody's."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from core.dashboard.brigade_review import BrigadeReview
from core.training.vote_brigades import Brigade


def review_of(visit: Visit) -> BrigadeReview:
    """Return what finds and decides the vote brigades."""
    return BrigadeReview(visit.aion.stores.recent_votes, visit.aion.stores.rated_answers)


async def withdraw(visit: Visit) -> Response:
    """Delete the thumbs of a brigade."""
    brigade = _found(await review_of(visit).withdraw(visit.space, _key(visit)))
    await visit.note("withdraw_votes", _subject(brigade))
    return visit.back("/today", "votes_withdrawn")


async def mark_genuine(visit: Visit) -> Response:
    """Let the thumbs of a brigade count."""
    brigade = _found(await review_of(visit).mark_genuine(visit.space, _key(visit)))
    await visit.note("mark_genuine", _subject(brigade))
    return visit.back("/today", "votes_genuine")


ROUTES = (
    ScreenRoute("/brigades/{key}/withdraw", withdraw, is_action=True),
    ScreenRoute("/brigades/{key}/genuine", mark_genuine, is_action=True),
)


def _key(visit: Visit) -> str:
    return str(visit.request.path_params["key"])


def _found(brigade: Brigade | None) -> Brigade:
    """Return a brigade that was decided. Raises a 404 where none waited under that key."""
    if brigade is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return brigade


def _subject(brigade: Brigade) -> str:
    where = f" · #{brigade.answer_id}" if brigade.answer_id is not None else ""
    return f"{len(brigade.people)} × {'👍' if brigade.thumb == 'up' else '👎'}{where}"
