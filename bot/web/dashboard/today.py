"""Today: what needs a person, each decided with one click; and the proposals, page by page."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.brigades import review_of
from bot.web.dashboard.visit import ScreenRoute, Visit
from bot.web.fields import row_number
from core.dashboard.document_list import DocumentList
from core.dashboard.today import TodayReader
from core.errors import BadInput
from core.services import Verdict
from core.services.conflicts import VERDICTS
from core.types import Proposal

N_ON_A_PAGE = 20


async def today(visit: Visit) -> Response:
    """Show what waits."""
    stores = visit.aion.stores
    reader = TodayReader(
        stores.proposals, stores.handoffs, stores.watches, stores.gaps, stores.conflicts, review_of(visit)
    )
    waiting = await reader.read(visit.space)
    is_new = waiting.is_empty and not await DocumentList(stores.database).count(visit.scope_of(()))
    return await visit.page("today", waiting=waiting, is_new=is_new, verdicts=VERDICTS)


async def proposals(visit: Visit) -> Response:
    """Show the pending proposals after a number, oldest first."""
    store = visit.aion.stores.proposals
    found = await store.page(visit.space, row_number(visit.query("after", "0")), N_ON_A_PAGE + 1)
    return await visit.page(
        "proposals",
        proposals=found[:N_ON_A_PAGE],
        n_proposals=await store.count_pending(visit.space),
        next_after=found[N_ON_A_PAGE - 1].id if len(found) > N_ON_A_PAGE else None,
    )


async def proposal(visit: Visit) -> Response:
    """Show one proposal with its text."""
    return await visit.page("proposal", proposal=await _proposal(visit))


async def approve(visit: Visit) -> Response:
    """Approve a proposal."""
    return await _decided(visit, await visit.services.review.approve((await _proposal(visit)).id))


async def reject(visit: Visit) -> Response:
    """Reject a proposal, with a reason if one is given."""
    found = await _proposal(visit)
    return await _decided(visit, await visit.services.review.reject(found.id, visit.text("reason")))


async def reply(visit: Visit) -> Response:
    """Reply to a question that was brought before the moderators, and learn the reply where that is wanted."""
    handoff = await visit.aion.stores.handoffs.get(visit.space, visit.number)
    if handoff is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if not (text := visit.text("reply")):
        raise BadInput("dashboard.no_reply")
    replied = await visit.services.handoffs.reply(handoff.id, text)
    if not replied.is_new:
        return visit.back("/today", "already_replied")
    await visit.note("reply", handoff.question, text)
    if visit.text("teach") and await visit.services.handoffs.teach(handoff.id) is not None:
        return visit.back("/today", "replied_and_learned")
    return visit.back("/today", "replied")


async def stop_watching(visit: Visit) -> Response:
    """Watch a source no longer."""
    if visit.number not in {watch.id for watch in await visit.aion.stores.watches.of(visit.space)}:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    watch = await visit.services.learning.watches.stop(visit.number)
    await visit.note("stop_watching", watch.target)
    return visit.back("/today", "stopped")


ROUTES = (
    ScreenRoute("/today", today),
    ScreenRoute("/proposals", proposals),
    ScreenRoute("/proposals/{number}", proposal),
    ScreenRoute("/proposals/{number}/approve", approve, is_action=True),
    ScreenRoute("/proposals/{number}/reject", reject, is_action=True),
    ScreenRoute("/handoffs/{number}/reply", reply, is_action=True),
    ScreenRoute("/watches/{number}/stop", stop_watching, is_action=True),
)


async def _proposal(visit: Visit) -> Proposal:
    """Return the proposal that the path names. Raises a 404 where the space has none of that number."""
    found = await visit.aion.stores.proposals.get(visit.space, visit.number)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return found


async def _decided(visit: Visit, verdict: Verdict) -> Response:
    """Return to the list, with the outcome of a decision; it is recorded where it is the first."""
    decided, page = verdict.proposal, "/proposals" if visit.text("from") == "proposals" else "/today"
    if not verdict.is_new:
        return visit.back(page, f"already_{decided.status}")
    await visit.note("approve" if decided.status == "approved" else "reject", decided.title, decided.reason)
    return visit.back(page, decided.status, n=verdict.indexed.n_passages if verdict.indexed else 0)
