"""The screen Conversations: filters, pages, and why an answer is as it is."""

from __future__ import annotations

import re

import pytest

from core.types import SpaceId
from tests.dashboard import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARM = "<script>alert(1)</script>"


async def test_answers_are_filtered(shared: Site, space: SpaceId) -> None:
    await shared.answer(space, "liked", thumb="up")
    await shared.answer(space, "disliked", used="groq", thumb="down")
    await shared.answer(space, "declined", used="abstained")
    await shared.answer(space, "portuguesa", language="pt")
    browser = await shared.signed_in(space)

    async def listed(query: str) -> list[str]:
        page = (await browser.get(f"/conversations{query}")).text
        return re.findall(r'href="/dashboard/conversations/\d+">([^<]+)<', page)

    assert await listed("") == ["portuguesa", "declined", "disliked", "liked"]
    assert await listed("?thumb=up") == ["liked"]
    assert await listed("?used=provider") == ["disliked"]
    assert await listed("?used=abstained") == await listed("?band=abstain") == ["declined"]
    assert await listed("?language=pt") == ["portuguesa"]
    assert await listed("?language=en&thumb=down&used=extract") == []
    assert len(await listed("?language=xx&used=';DROP")) == 4


async def test_answers_are_paged(shared: Site, space: SpaceId) -> None:
    numbers = [await shared.answer(space, f"question {n}") for n in range(30)]
    browser = await shared.signed_in(space)
    first = await browser.get("/conversations?language=en")
    assert first.text.count('class="grow"') == 25
    assert f"language=en&amp;before={numbers[5]}" in first.text
    rest = await browser.get(f"/conversations?before={numbers[5]}")
    assert rest.text.count('class="grow"') == 5 and "before=" not in rest.text
    assert (await browser.get("/conversations?before=x")).status_code == 404


async def test_one_answer_says_why(shared: Site, space: SpaceId) -> None:
    number = await shared.answer(space, "When does it open?", thumb="down")
    browser = await shared.signed_in(space)
    page = (await browser.get(f"/conversations/{number}")).text
    for shown in (
        "87%",
        "80% of the question",
        "searched as “opening hours”",
        "opens at nine",
        "0.800",
        "12 ms",
        "👎 1",
    ):
        assert shown in page
    silent = await shared.answer(space, "Anybody here?", used="silent")
    assert "not addressed to me" in (await browser.get(f"/conversations/{silent}")).text
    assert (
        "não falaram comigo"
        in (await (await shared.signed_in(space, language="pt")).get(f"/conversations/{silent}")).text
    )


async def test_what_was_asked_and_answered_is_no_markup(shared: Site, space: SpaceId) -> None:
    number = await shared.answer(space, HARM, used=HARM, text=f"[x](javascript:alert(1)) {HARM}")
    browser = await shared.signed_in(space)
    for path in ("/conversations", f"/conversations/{number}"):
        page = (await browser.get(path)).text
        assert HARM not in page and "&lt;script&gt;" in page and 'href="javascript' not in page


async def test_a_space_where_nothing_was_asked(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)
    assert "No answer here fits" in (await browser.get("/conversations")).text
