"""Vote brigades on the screen Today: their thumbs are withdrawn, or count once a moderator says so."""

from __future__ import annotations

import re

import pytest

from core.types import SpaceId
from tests.dashboard import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def brigade_in(page: str) -> str:
    found = re.search(r"/dashboard/brigades/([^/\"]+)/withdraw", page)
    assert found, page
    return found[1]


async def test_their_thumbs_are_withdrawn(shared: Site, space: SpaceId) -> None:
    number = await shared.brigade(space)
    await shared.aion.stores.answers.rate(space, number, "a regular", "up")
    browser = await shared.signed_in(space)
    page = (await browser.get("/today")).text
    assert "5 newcomers pressed 👎" in page and f"answer {number}" in page
    key = await brigade_in(page)
    assert "Their thumbs are removed" in (await browser.send(f"/brigades/{key}/withdraw")).text
    shown = (await browser.get(f"/conversations/{number}")).text
    assert "👍 1" in shown and "👎" not in shown
    assert (await browser.send(f"/brigades/{key}/withdraw")).status_code == 404, "it was decided"
    (event,) = await shared.aion.services.dashboard.audit.page(space, None, 9)
    assert event.change.subject == f"5 × 👎 · #{number}"


async def test_genuine_people_count_and_are_not_asked_about_again(shared: Site, space: SpaceId) -> None:
    await shared.brigade(space)
    browser = await shared.signed_in(space)
    key = await brigade_in((await browser.get("/today")).text)
    assert "count from now on" in (await browser.send(f"/brigades/{key}/genuine")).text
    assert "newcomers" not in (await browser.get("/today")).text
    assert await shared.aion.stores.rated_answers.genuine_brigades(space) == {key}


async def test_a_brigade_of_another_space_is_not_decided(shared: Site, space: SpaceId) -> None:
    other = SpaceId(f"{space}9")
    await shared.brigade(other)
    theirs = await shared.signed_in(other)
    key = await brigade_in((await theirs.get("/today")).text)
    browser = await shared.signed_in(space)
    for action in ("withdraw", "genuine"):
        assert (await browser.send(f"/brigades/{key}/{action}")).status_code == 404
    assert key in (await theirs.get("/today")).text
