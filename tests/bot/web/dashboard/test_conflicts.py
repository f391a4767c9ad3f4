"""The screen Contradictions: decided once, undone, and nothing of it markup."""

from __future__ import annotations

import asyncio

import pytest

from core.types import SpaceId
from tests.dashboard import EVA, Site, csrf_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARM = "<script>alert(1)</script>"


async def test_a_contradiction_is_decided_and_undone(shared: Site, space: SpaceId) -> None:
    number = await shared.contradict(space)
    browser = await shared.signed_in(space)
    page = (await browser.get("/today")).text
    assert "Which holds? (1)" in page and "It opens at nine." in page and "At ten." in page
    done = await browser.send(f"/conflicts/{number}/decide", verdict="first")
    assert "Decided" in done.text and "At ten." not in done.text
    page = (await browser.get("/conflicts")).text
    assert "The first holds" in page and "Undo" in page
    assert "Open again" in (await browser.send(f"/conflicts/{number}/undo")).text
    assert (await browser.send(f"/conflicts/{number}/decide", verdict="maybe")).status_code == 400
    events = await shared.aion.services.dashboard.audit.page(space, None, 9)
    assert [event.change.action for event in events] == ["reopen", "settle"]


async def test_two_moderators_decide_one_contradiction_at_once(shared: Site, space: SpaceId) -> None:
    number = await shared.contradict(space)
    rui, eva = await shared.signed_in(space), await shared.signed_in(space, EVA)
    tokens = [csrf_in((await browser.get("/today")).text) for browser in (rui, eva)]
    done = await asyncio.gather(
        rui.post(f"/conflicts/{number}/decide", {"csrf": tokens[0], "verdict": "first"}),
        eva.post(f"/conflicts/{number}/decide", {"csrf": tokens[1], "verdict": "second"}),
    )
    assert sorted(page.url.params["said"] for page in done) == ["already_settled", "settled"]
    assert len(await shared.aion.services.dashboard.audit.page(space, None, 9)) == 1


async def test_what_was_said_is_no_markup(shared: Site, space: SpaceId) -> None:
    await shared.contradict(space, f"{HARM} is open.", f"{HARM} is closed.")
    browser = await shared.signed_in(space)
    for path in ("/today", "/conflicts"):
        page = (await browser.get(path)).text
        assert HARM not in page and "&lt;script&gt;" in page


async def test_a_space_without_contradictions(shared: Site, space: SpaceId) -> None:
    assert (
        "Nothing that I was told contradicts itself" in (await (await shared.signed_in(space)).get("/conflicts")).text
    )
