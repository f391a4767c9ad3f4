"""The screen Knowledge: documents by title, passages and citations, title, reading again, forgetting, trying a file."""

from __future__ import annotations

import pytest

from core.types import Scope, SpaceId
from tests.dashboard import Site, csrf_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARM = "<script>alert(1)</script>"
HOURS = b"# Opening hours\n\nThe library opens at nine o'clock.\n\n# Loans\n\nA book is lent for three weeks.\n"


async def learned(site: Site, space: SpaceId, name: str = "hours.md", data: bytes = HOURS) -> int:
    await site.aion.ingest.index_file(space, name, data)
    return max(document.id for document in await site.aion.documents.list(space))


async def test_a_space_without_documents(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)
    assert "Nothing was taught here yet" in (await browser.get("/knowledge")).text
    assert "No document here fits" in (await browser.get("/knowledge?q=x")).text


async def test_documents_are_found_by_title_and_paged(shared: Site, space: SpaceId) -> None:
    for n in range(52):
        await learned(shared, space, f"{n:02}.md", f"# Manual {n:02}\n\nText {n} with 100% and _.\n".encode())
    browser = await shared.signed_in(space)
    first = (await browser.get("/knowledge")).text
    assert first.count('class="grow"') == 50 and "52 documents" in first and "Manual 49" in first
    after = next(each.id for each in await shared.aion.documents.list(space) if each.title == "Manual 49")
    assert f"after={after}" in first
    rest = (await browser.get(f"/knowledge?after={after}")).text
    assert rest.count('class="grow"') == 2 and "Manual 50" in rest
    found = (await browser.get("/knowledge?q=ual 07")).text
    assert found.count('class="grow"') == 1 and "Manual 07" in found
    assert 'class="grow"' not in (await browser.get("/knowledge?q=%25")).text, "a sign of LIKE is a letter"


async def test_a_document_shows_its_passages_and_who_cites_them(shared: Site, space: SpaceId) -> None:
    number = await learned(shared, space)
    passage = next(iter(await shared.aion.stores.passages.passages(space, await passages(shared, space))))
    answer = await shared.answer(space, "When does it open?", passage_id=passage.id)
    browser = await shared.signed_in(space)
    page = (await browser.get(f"/knowledge/{number}")).text
    assert "opens at nine" in page and f"/dashboard/conversations/{answer}" in page and "cited 1 time" in page


async def passages(site: Site, space: SpaceId) -> list[int]:
    (embedder_id,) = await site.aion.stores.passages.embedders(space)
    return list((await site.aion.stores.passages.changes(space, 0, embedder_id)).added)


async def test_a_new_title_is_searched(shared: Site, space: SpaceId) -> None:
    number = await learned(shared, space)
    before = await passages(shared, space)
    browser = await shared.signed_in(space)
    done = await browser.send(f"/knowledge/{number}/retitle", title="  Zanzibar   handbook ")
    assert "The title is changed" in done.text and "Zanzibar handbook" in done.text
    assert not set(before) & set(await passages(shared, space)), "passages are embedded under the new title"
    found = await shared.aion.programs.questions.pipeline.searcher.search(Scope(space), "zanzibar", "en")
    assert found.hits and found.hits[0].lexical > 0
    for title in ("", "x" * 201):
        assert (await browser.send(f"/knowledge/{number}/retitle", title=title)).status_code == 400


async def test_a_document_is_read_again_and_forgotten(shared: Site, space: SpaceId) -> None:
    number = await learned(shared, space)
    before = await passages(shared, space)
    browser = await shared.signed_in(space)
    assert "being read again" in (await browser.send(f"/knowledge/{number}/read-again")).text
    await shared.tasks.finish(30)
    assert not set(before) & set(await passages(shared, space))
    assert "Forgotten" in (await browser.send(f"/knowledge/{number}/forget")).text
    assert await shared.aion.documents.list(space) == ()
    events = await shared.aion.services.dashboard.audit.page(space, None, 9)
    assert [event.change.action for event in events] == ["forget", "read_again"]


async def test_a_file_is_tried_without_being_stored(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)
    fields = {"csrf": csrf_in((await browser.get("/knowledge")).text)}

    async def tried(name: str, data: bytes) -> tuple[int, str]:
        done = await browser.http.post("/dashboard/knowledge/try", data=fields, files={"file": (name, data)})
        return done.status_code, done.text

    status, page = await tried("hours.md", HOURS)
    assert status == 200 and "opens at nine" in page and "Opening hours" in page
    assert await shared.aion.documents.list(space) == ()
    status, page = await tried("x.md", f"# {HARM}\n\n{HARM} is text.\n".encode())
    assert status == 200 and HARM not in page
    assert (await tried("movie.exe", b"x"))[0] == 400
    assert (await tried("big.md", b"x" * 1_100_000))[0] == 413
    assert (await browser.post("/knowledge/try", fields)).status_code == 400


async def test_titles_and_passages_are_no_markup(shared: Site, space: SpaceId) -> None:
    number = await learned(shared, space, "harm.txt", f"{HARM}\n\nSome words after {HARM}.\n".encode())
    browser = await shared.signed_in(space)
    await browser.send(f"/knowledge/{number}/retitle", title=HARM)
    for path in ("/knowledge", f"/knowledge/{number}", f"/knowledge?q={HARM}"):
        page = (await browser.get(path)).text
        assert HARM not in page and "&lt;script&gt;" in page


async def test_the_map_is_drawn_once_for_each_state(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)
    first = await browser.get("/knowledge/map")
    assert "drawing the map" in first.text and first.headers["refresh"] == "2"
    await shared.tasks.finish(30)
    assert "Nothing was taught here yet" in (await browser.get("/knowledge/map")).text
    await learned(shared, space, "harm.md", f"# {HARM}\n\nWords about {HARM}.\n\n# More\n\nOther words.\n".encode())
    assert "drawing the map" in (await browser.get("/knowledge/map")).text
    await shared.tasks.finish(30)
    page = await browser.get("/knowledge/map")
    assert page.text.count("<circle") == 3 and "refresh" not in page.headers
    assert HARM not in page.text and "&lt;script&gt;" in page.text and len(page.content) < 300_000


async def test_a_moderator_chooses_who_may_read_a_document(shared: Site, space: SpaceId) -> None:
    few = SpaceId(f"{space}/channel-7")
    number = await learned(shared, space)
    await shared.aion.ingest.index_file(few, "plan.md", b"# The plan\n\nOnly some may read it.\n")
    (secret,) = await shared.aion.documents.list(few)
    browser = await shared.signed_in(space)
    assert "The plan" not in (await browser.get("/knowledge")).text, "whoever is not of an audience does not see it"
    assert (await browser.get(f"/knowledge/{secret.id}")).status_code == 404
    assert (await browser.send(f"/knowledge/{number}/audience", audience=few)).status_code == 400
    shared.roles.belongs = {"channel-7": f"#mods {HARM}"}
    try:
        page = (await browser.get("/knowledge")).text
        assert "The plan" in page and "2 documents" in page and HARM not in page
        assert "Saved" in (await browser.send(f"/knowledge/{number}/audience", audience=few)).text
        assert await shared.aion.documents.list(space) == ()
        page = (await browser.get(f"/knowledge/{number}")).text
        assert f'value="{few}" selected' in page and "opens at nine" in page
        await browser.send(f"/knowledge/{secret.id}/audience", audience="everyone")
        assert [each.id for each in await shared.aion.documents.list(space)] == [secret.id]
        assert (await browser.send(f"/knowledge/{number}/audience", audience="discord:2")).status_code == 400
        await browser.send(f"/knowledge/{number}/forget")
        assert await shared.aion.documents.list(few) == ()
    finally:
        shared.roles.belongs = {}
    events = await shared.aion.services.dashboard.audit.page(space, None, 9)
    assert [each.change.action for each in events] == ["forget", "set_audience", "set_audience"]


async def test_versions_say_when_and_how_much_a_text_changed(shared: Site, space: SpaceId) -> None:
    number = await learned(shared, space)
    browser = await shared.signed_in(space)
    assert "Versions" not in (await browser.get(f"/knowledge/{number}")).text
    await learned(shared, space, data=HOURS.replace(b"nine", b"ten"))
    page = (await browser.get(f"/knowledge/{number}")).text
    assert "Versions" in page and "+1 −1 line" in page
