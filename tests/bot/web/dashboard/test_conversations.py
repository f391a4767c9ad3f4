"""The screen Conversations: filters, pages, and why an answer is as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

import pytest

from core.types import Passage, SpaceId
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


async def test_answers_are_filtered_by_the_document_they_stand_on(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)

    async def listed(source: str) -> list[str]:
        page = (await browser.get(f"/conversations?source={quote(source)}")).text
        return re.findall(r'class="grow" href="/dashboard/conversations/\d+">([^<]+)<', page)

    (hours,), (kilns,) = [await taught(shared, space, title) for title in ("Opening hours", "Kilns 100%")]
    await shared.answer(space, "When?", passage_id=hours.id)
    await shared.answer(space, "How hot?", passage_id=kilns.id)
    await shared.answer(space, "How hot, then?", passage_id=kilns.id)
    await shared.answer(space, "Of nothing that is here?", passage_id=10**9)
    number = f"#{kilns.document_id}"
    assert await listed(number) == await listed("KILNS 1") == ["How hot, then?", "How hot?"]
    assert await listed("n") == ["How hot, then?", "How hot?", "When?"]
    assert await listed("%25") == await listed("#999999999999999999") == await listed("# 1") == []
    page = (await browser.get(f"/conversations?source={quote(number)}&language=en")).text
    assert f'Answers that stand on <a href="/dashboard/knowledge/{kilns.document_id}">Kilns 100%</a>' in page
    assert 'value="#' in page
    document = (await browser.get(f"/knowledge/{kilns.document_id}")).text
    assert f"/dashboard/conversations?source=%23{kilns.document_id}" in document
    await shared.aion.ingest.index_file(space, "Kilns 100%.md", b"# Kilns 100%\n\nAll of it is new.\n")
    assert len(await listed(number)) == 2, "it is the document that counts, whatever its passages are now"


async def test_what_an_audience_asked_is_read_by_those_of_it_alone(shared: Site, space: SpaceId) -> None:
    few = SpaceId(f"{space}/channel-7")
    (plan,) = await taught(shared, few, "The plan")
    secret = await shared.answer(few, "What is the plan?", passage_id=plan.id)
    public = await shared.answer(space, "Is there a plan?", passage_id=plan.id)
    browser = await shared.signed_in(space)
    assert "What is the plan?" not in (await browser.get("/conversations")).text
    assert 'class="grow"' not in (await browser.get(f"/conversations?source=%23{plan.document_id}")).text
    assert (await browser.get(f"/conversations/{secret}")).status_code == 404
    shared.roles.belongs = {"channel-7": "#mods"}
    try:
        page = (await browser.get("/conversations?source=plan")).text
        assert page.index(f"/{public}") < page.index(f"/{secret}"), "newest first, whoever may read them"
        assert (await browser.get(f"/conversations/{secret}")).status_code == 200
        document = (await browser.get(f"/knowledge/{plan.document_id}")).text
        assert f"/conversations/{secret}" in document and f"/conversations/{public}" in document
    finally:
        shared.roles.belongs = {}


async def taught(site: Site, space: SpaceId, title: str) -> Sequence[Passage]:
    """Teach a document of one passage, and return its passage."""
    await site.aion.ingest.index_file(space, f"{title}.md", f"# {title}\n\nWords about {title} in {space}.\n".encode())
    (embedder_id,) = await site.aion.stores.passages.embedders(space)
    stored = await site.aion.stores.passages.changes(space, 0, embedder_id)
    return await site.aion.stores.passages.passages(space, [max(stored.added)])


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
    assert "Nobody has asked me anything" in (await browser.get("/conversations")).text
    assert "No answer here fits" in (await browser.get("/conversations?band=abstain")).text
