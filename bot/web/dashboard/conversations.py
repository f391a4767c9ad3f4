"""Conversations: the answers given in the community, filtered, and why each is as it is."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from bot.web.fields import row_number
from core.dashboard.answer_list import PROVIDER, WRITERS, AnswerFilter, AnswerList
from core.types import LANGUAGES

N_ON_A_PAGE = 25

CHOICES = {
    "used": (*WRITERS, PROVIDER),
    "band": ("local", "provider", "abstain"),
    "language": LANGUAGES,
    "thumb": ("up", "down"),
}
"""What each filter may be."""


async def conversations(visit: Visit) -> Response:
    """Show the newest answers that the filters let through."""
    given = {name: value for name, known in CHOICES.items() if (value := visit.query(name)) in known}
    before = row_number(visit.query("before")) if visit.query("before") else None
    answers = AnswerList(visit.aion.stores.database)
    found = await answers.page(visit.space, AnswerFilter(**given), before, N_ON_A_PAGE + 1)
    more = urlencode({**given, "before": found[N_ON_A_PAGE - 1].id}) if len(found) > N_ON_A_PAGE else ""
    return await visit.page(
        "conversations", answers=found[:N_ON_A_PAGE], choices=CHOICES, given=given, more=more, writers=WRITERS
    )


async def conversation(visit: Visit) -> Response:
    """Show one answer: what was searched and found, how sure AION was and why, who wrote, how long it took."""
    found = await AnswerList(visit.aion.stores.database).get(visit.space, visit.number)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    answer, n_up, n_down = found
    cited = {source.passage_id for source in answer.sources}
    return await visit.page("conversation", answer=answer, n_up=n_up, n_down=n_down, cited=cited, writers=WRITERS)


ROUTES = (
    ScreenRoute("/conversations", conversations),
    ScreenRoute("/conversations/{number}", conversation),
)
