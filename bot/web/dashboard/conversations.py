"""Conversations: the answers given in the community, filtered, and why each is as it is."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from bot.web.fields import row_number
from core.dashboard.answer_list import PROVIDER, WRITERS, AnswerFilter, AnswerList
from core.dashboard.document_list import DocumentDetails, DocumentList, documents_named, numbered
from core.types import LANGUAGES, Scope

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
    source, scope = visit.query("source"), visit.scope_of(await visit.audiences())
    sources = documents_named(scope, source) if source else None
    before = row_number(visit.query("before")) if visit.query("before") else None
    answers = AnswerList(visit.aion.stores.database)
    found = await answers.page(scope, AnswerFilter(**given, sources=sources), before, N_ON_A_PAGE + 1)
    chosen = {**given, "source": source} if source else given
    return await visit.page(
        "conversations",
        answers=found[:N_ON_A_PAGE],
        choices=CHOICES,
        given=given,
        source=source,
        document=await _document(visit, scope, source),
        more=urlencode({**chosen, "before": found[N_ON_A_PAGE - 1].id}) if len(found) > N_ON_A_PAGE else "",
        writers=WRITERS,
    )


async def conversation(visit: Visit) -> Response:
    """Show one answer: what was searched and found, how sure AION was and why, who wrote, how long it took."""
    scope = visit.scope_of(await visit.audiences())
    found = await AnswerList(visit.aion.stores.database).get(scope, visit.number)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    answer, n_up, n_down = found
    cited = {source.passage_id for source in answer.sources}
    return await visit.page("conversation", answer=answer, n_up=n_up, n_down=n_down, cited=cited, writers=WRITERS)


ROUTES = (
    ScreenRoute("/conversations", conversations),
    ScreenRoute("/conversations/{number}", conversation),
)


async def _document(visit: Visit, scope: Scope, source: str) -> DocumentDetails | None:
    """Return the document that the filter names by its number, if it may be read."""
    number = numbered(source)
    return await DocumentList(visit.aion.stores.database).get(scope, number) if number is not None else None
