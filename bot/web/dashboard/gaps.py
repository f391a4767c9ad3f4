"""Gaps: what people asked without a good answer, and what closes each: a text, a person, the web, or nothing."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from core.curation.gap_closing import GapClosing
from core.errors import BadInput, UserError
from core.generation.draft import Draft
from core.services import Finding
from core.types import Gap, Person, SpaceId

log = logging.getLogger(__name__)

N_SHOWN = 50
RESOLVED_WITHIN = timedelta(days=30)

ASKER = Person("dashboard", "AION")
"""In whose name a gap's question is asked again."""


async def gaps(visit: Visit) -> Response:
    """Show the open gaps, those of most people first, and how many were resolved lately."""
    since = datetime.now(UTC) - RESOLVED_WITHIN
    return await visit.page(
        "gaps",
        gaps=await visit.services.learning.gaps.first(N_SHOWN),
        n_resolved=await visit.aion.stores.gaps.count_decided(visit.space, "resolved", since),
    )


async def teach(visit: Visit) -> Response:
    """Learn a text that answers a gap, and ask its question again."""
    gap = await _gap(visit)
    if not (text := visit.text("text")):
        raise BadInput("dashboard.no_reply")
    if await _closing(visit).teach(visit.space, visit.person, gap, text) is not None:
        await visit.note("teach", gap.question, text)
    return await _ask_again(visit, gap)


async def ask_again(visit: Visit) -> Response:
    """Ask a gap's question again: something that was learned since may answer it."""
    return await _ask_again(visit, await _gap(visit))


async def research(visit: Visit) -> Response:
    """Look for pages that answer a gap; they wait for approval. Goes on after the response."""
    gap = await _gap(visit)
    visit.host.admit_costly(visit.session)
    await visit.note("research", gap.question)
    visit.host.tasks.start(_research(visit, gap))
    return visit.back("/gaps", "researching")


async def hand_off(visit: Visit) -> Response:
    """Bring a gap before the moderators, in their channel; a reply goes to who asked last."""
    gap = await _gap(visit)
    asked = await visit.aion.services.learning.finder.questions(visit.space, gap)
    if not asked:
        return visit.back("/gaps", "asked_no_more")
    there = replace(visit.message, conversation=asked[0].conversation)
    if not await visit.aion.services.handoffs.of(there).ask(asked[0].answer_id):
        return visit.back("/gaps", "no_channel")
    await visit.note("hand_off", gap.question)
    return visit.back("/gaps", "handed_off")


async def dismiss(visit: Visit) -> Response:
    """Leave a gap alone until it is asked again."""
    gap = await visit.services.learning.gaps.dismiss((await _gap(visit)).id)
    await visit.note("dismiss", gap.question)
    return visit.back("/gaps", "dismissed")


ROUTES = (
    ScreenRoute("/gaps", gaps),
    ScreenRoute("/gaps/{number}/teach", teach, is_action=True),
    ScreenRoute("/gaps/{number}/ask-again", ask_again, is_action=True),
    ScreenRoute("/gaps/{number}/research", research, is_action=True),
    ScreenRoute("/gaps/{number}/hand-off", hand_off, is_action=True),
    ScreenRoute("/gaps/{number}/dismiss", dismiss, is_action=True),
)


async def _gap(visit: Visit) -> Gap:
    """Return the gap that the path names. Raises a 404 where the space has none of that number."""
    gap = await visit.aion.stores.gaps.get(visit.space, visit.number)
    if gap is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return gap


def _closing(visit: Visit) -> GapClosing:
    services = visit.aion.services
    return GapClosing(services.learning.finder, services.reviews, services.reviews.notices)


async def _research(visit: Visit, gap: Gap) -> None:
    """Research a gap in its turn among the commands of chat."""
    try:
        async with visit.aion.processor.commands.turn(visit.space, visit.person.id):
            await visit.services.learning.gaps.research(gap.id, _ignore)
    except UserError as error:  # the reading log has it
        log.info("nothing was found about a gap: %s", error)


async def _ask_again(visit: Visit, gap: Gap) -> Response:
    visit.host.admit_costly(visit.session)

    async def reask(space: SpaceId, question: str) -> Draft:
        return (await visit.aion.questions.consult(space, ASKER, question)).draft

    return await visit.page("gap_asked", asked=await _closing(visit).ask_again(visit.space, gap, reask))


async def _ignore(_: tuple[Finding, ...]) -> None:
    """Ignore progress: the reading log has it."""
