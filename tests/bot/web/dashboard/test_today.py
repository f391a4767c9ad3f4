"""The screen Today: what waits, decided once, and nothing of it markup."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert

from core.storage.delivery.handoffs import NewHandoff
from core.storage.schema import proposals
from core.types import SpaceId
from tests.dashboard import EVA, Site, csrf_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARM = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{ 7777 * 7 }}"


async def test_a_space_with_nothing_in_it(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)
    page = (await browser.get("/today")).text
    assert "First steps" in page and "/channel moderators" in page, "of a space that was taught nothing"
    await shared.aion.ingest.index_file(space, "hours.md", b"# Hours\n\nThe library opens at nine.\n")
    page = (await browser.get("/today")).text
    assert "Nothing waits for you" in page and "First steps" not in page
    assert "Nothing waits for you" in (await browser.get("/proposals")).text


async def test_a_proposal_is_approved_and_recorded(shared: Site, space: SpaceId) -> None:
    number = await shared.propose("hours", space)
    browser = await shared.signed_in(space)
    page = await browser.get("/today")
    assert "The library opens at nine." in page.text and "https://example.org/hours" in page.text
    assert "says hours" in (await browser.get(f"/proposals/{number}")).text
    done = await browser.send(f"/proposals/{number}/approve")
    assert "learned as 1 passage" in done.text
    assert [each.title for each in await shared.aion.documents.list(space)] == ["hours"]
    (event,) = await shared.aion.services.dashboard.audit.page(space, None, 10)
    assert (event.change.name, event.change.action, event.change.subject) == ("Rui", "approve", "hours")


async def test_two_moderators_decide_the_same_card_at_once(shared: Site, space: SpaceId) -> None:
    number = await shared.propose("hours", space)
    rui, eva = await shared.signed_in(space), await shared.signed_in(space, EVA)
    tokens = [csrf_in((await browser.get("/today")).text) for browser in (rui, eva)]
    done = await asyncio.gather(
        rui.post(f"/proposals/{number}/approve", {"csrf": tokens[0]}),
        eva.post(f"/proposals/{number}/reject", {"csrf": tokens[1], "reason": "old"}),
    )
    told = sorted(page.url.params["said"] for page in done)
    assert told in (["already_approved", "approved"], ["already_rejected", "rejected"])
    assert len(await shared.aion.services.dashboard.audit.page(space, None, 10)) == 1


async def test_a_question_is_replied_to_once_and_learned(shared: Site, space: SpaceId) -> None:
    handoffs = shared.aion.stores.handoffs
    new = NewHandoff(space, 1, f"{space}:9", {"channel": "9"}, "en", "When does the library open?")
    handoff, _ = await handoffs.open(space, new)
    browser, other = await shared.signed_in(space), await shared.signed_in(space, EVA)
    assert "When does the library open?" in (await browser.get("/today")).text
    empty = await browser.send(f"/handoffs/{handoff.id}/reply", reply="  ")
    assert empty.status_code == 400
    done = await browser.send(f"/handoffs/{handoff.id}/reply", reply="At nine, on every day.", teach="yes")
    assert "and learned" in done.text
    late = await other.send(f"/handoffs/{handoff.id}/reply", reply="At ten.")
    assert "before you" in late.text
    assert len(await shared.aion.documents.list(space)) == 1


async def test_nothing_that_others_wrote_is_markup(shared: Site, space: SpaceId) -> None:
    number = await shared.propose(
        HARM, space, name=f"javascript:alert(3)//{HARM}", excerpt=HARM, origin=HARM, text=HARM
    )
    new = NewHandoff(space, 1, f"{space}:9", {}, "en", HARM)
    await shared.aion.stores.handoffs.open(space, new)
    browser = await shared.signed_in(space)
    for path in ("/today", "/proposals", f"/proposals/{number}"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page and "<img src=x" not in page and 'href="javascript:' not in page
        assert "&lt;script&gt;alert" in page and "54439" not in page


async def test_ten_thousand_proposals_are_paged(shared: Site, space: SpaceId) -> None:
    number = await shared.propose("first", space)
    (row,) = await shared.aion.stores.database.rows(proposals.select().where(proposals.c.id == number))
    copies = [{**row._mapping, "id": number + n, "title": f"copy {n}", "text": "x" * 2_000} for n in range(1, 10_000)]
    async with shared.aion.stores.database.write() as connection:
        await connection.execute(insert(proposals), copies)
    browser = await shared.signed_in(space)
    page = await browser.get("/today")
    assert "10000" in page.text and len(page.content) < 300_000
    first = await browser.get("/proposals")
    assert first.text.count("<article") == 20 and f"after={number + 19}" in first.text
    last = await browser.get(f"/proposals?after={number + 9_985}")
    assert last.text.count("<article") == 14 and "after=" not in last.text
    assert (await browser.get("/proposals?after=x")).status_code == 404
