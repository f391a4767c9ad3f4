"""Knowledge: the documents, their passages and who cites them; title, reading again, forgetting; trying a file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from bot.web.dashboard.visit import ScreenRoute, Visit
from bot.web.fields import row_number
from core.dashboard.document_list import DocumentDetails, DocumentList
from core.errors import BadInput, UserError
from core.knowledge.extract import kind_of
from core.storage.document_versions import DocumentVersions
from core.types import Scope, SpaceId

log = logging.getLogger(__name__)

N_ON_A_PAGE = 50
N_PASSAGES = 20
N_CITING = 10
N_VERSIONS = 10
N_TRIED = 40
"""Passages that are shown of a file that is tried."""

MAX_TITLE_CHARS = 200


async def knowledge(visit: Visit) -> Response:
    """Show the documents whose title holds what was searched for."""
    query, after = visit.query("q"), row_number(visit.query("after", "0"))
    documents, audiences = DocumentList(visit.aion.stores.database), await visit.audiences()
    scope = visit.scope_of(audiences)
    found = await documents.page(scope, query, after, N_ON_A_PAGE + 1)
    return await visit.page(
        "knowledge",
        documents=found[:N_ON_A_PAGE],
        n_documents=await documents.count(scope),
        audiences=audiences,
        query=query,
        next_after=found[N_ON_A_PAGE - 1].id if len(found) > N_ON_A_PAGE else None,
    )


async def knowledge_map(visit: Visit) -> Response:
    """Show the passages as points in three dimensions."""
    return await visit.host.maps.page(visit)


async def document(visit: Visit) -> Response:
    """Show one document with its passages, and the answers that cite it."""
    audiences = await visit.audiences()
    found, first = await _document(visit, audiences), row_number(visit.query("from", "0"))
    stores, documents = visit.aion.stores, DocumentList(visit.aion.stores.database)
    passages = await documents.passages(found.space, found.id, first, N_PASSAGES + 1)
    return await visit.page(
        "document",
        document=found,
        passages=passages[:N_PASSAGES],
        citations=await documents.citations(visit.scope_of(audiences), found.id, N_CITING),
        versions=await DocumentVersions(stores.database).of(found.space, found.id, N_VERSIONS),
        audiences=audiences,
        next_first=first + N_PASSAGES if len(passages) > N_PASSAGES else None,
        address=_address(found),
    )


async def retitle(visit: Visit) -> Response:
    """Give a document another title, which is part of what is searched."""
    found, title = await _document(visit), " ".join(visit.text("title").split())
    if not 0 < len(title) <= MAX_TITLE_CHARS:
        raise BadInput("dashboard.wrong_title", limit=MAX_TITLE_CHARS)
    visit.host.admit_costly(visit.session)
    n_passages = await visit.aion.services.documents.of(Scope(found.space)).retitle(found.id, title)
    await visit.note("retitle", found.title, title)
    return visit.back(f"/knowledge/{found.id}", "retitled", n=n_passages)


async def read_again(visit: Visit) -> Response:
    """Fetch a page again, or cut and embed the text of another document again. Goes on after the response."""
    found = await _document(visit)
    visit.host.admit_costly(visit.session)
    await visit.note("read_again", found.title)
    visit.host.tasks.start(_read_again(visit, found))
    return visit.back(f"/knowledge/{found.id}", "reading")


async def set_audience(visit: Visit) -> Response:
    """Let others read a document: everyone of the community, or an audience that the moderator belongs to."""
    audiences = await visit.audiences()
    found, chosen = await _document(visit, audiences), visit.text("audience")
    wanted = visit.space if chosen == "everyone" else next((each for each in audiences if each == chosen), None)
    if wanted is None:
        raise BadInput("audience.elsewhere", given=chosen)
    if wanted != found.space:
        await visit.aion.documents.move(found.space, found.id, wanted)
        await visit.note("set_audience", found.title, audiences.get(wanted, "everyone"))
    return visit.back(f"/knowledge/{found.id}", "set")


async def forget(visit: Visit) -> Response:
    """Remove a document with its passages."""
    found = await _document(visit)
    await visit.aion.documents.forget(found.space, f"#{found.id}")
    await visit.note("forget", found.title)
    return visit.back("/knowledge", "forgotten")


async def try_file(visit: Visit) -> Response:
    """Show what a file would become, and store nothing."""
    visit.host.admit_costly(visit.session)
    given = (await visit.request.form()).get("file")
    if not isinstance(given, UploadFile) or not given.filename:
        raise BadInput("dashboard.no_file")
    kind_of(given.filename)
    aion = visit.aion
    parsed = await aion.ingest.parser.parse(await given.read(), given.filename, "", aion.settings.language)
    chunks = parsed.cut.chunks
    return await visit.page(
        "tried", file_name=given.filename, parsed=parsed, n_passages=len(chunks), chunks=chunks[:N_TRIED]
    )


ROUTES = (
    ScreenRoute("/knowledge", knowledge),
    ScreenRoute("/knowledge/try", try_file, is_action=True),
    ScreenRoute("/knowledge/map", knowledge_map),
    ScreenRoute("/knowledge/{number}", document),
    ScreenRoute("/knowledge/{number}/retitle", retitle, is_action=True),
    ScreenRoute("/knowledge/{number}/read-again", read_again, is_action=True),
    ScreenRoute("/knowledge/{number}/audience", set_audience, is_action=True),
    ScreenRoute("/knowledge/{number}/forget", forget, is_action=True),
)


async def _document(visit: Visit, audiences: Mapping[SpaceId, str] | None = None) -> DocumentDetails:
    """Return the document that the path names. Raises a 404 where the moderator may read none of that number.

    ``audiences`` are those that the moderator belongs to, where they are known already.
    """
    readable = await visit.audiences() if audiences is None else audiences
    found = await DocumentList(visit.aion.stores.database).get(visit.scope_of(readable), visit.number)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return found


def _address(document: DocumentDetails) -> str | None:
    """Return the web address that a document was read from, if it was."""
    return next((name for name in document.names if name.startswith(("https://", "http://"))), None)


async def _read_again(visit: Visit, document: DocumentDetails) -> None:
    try:
        async with visit.aion.processor.commands.turn(visit.space, visit.person.id):
            if (address := _address(document)) is not None:
                await visit.aion.ingest.index_page(document.space, address)
            else:
                await visit.aion.services.documents.of(Scope(document.space)).retitle(document.id, document.title)
    except UserError as error:
        log.info("a document was not read again: %s", error)
