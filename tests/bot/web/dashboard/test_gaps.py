"""The screen Gaps: taught, asked again, told to who asked; handed off, dismissed; nothing of it markup."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select

from core.services.setting_schema import MODERATORS
from core.storage.curation.gaps import NewGap
from core.storage.schema import inbox
from core.types import Message, Person, Scope, SpaceId
from tests.dashboard import Site
from tests.fakes import CollectingOutlet

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARM = "<script>alert(1)</script>"


async def ask(site: Site, space: SpaceId, question: str, conversation: str, person: str = "discord:7") -> None:
    key = f"discord:{space}:{conversation}:{person}"
    message = Message(key, "discord", space, conversation, Person(person, "Ana"), question)
    await site.aion.dispatch.handle(message, CollectingOutlet())


async def gap_of(site: Site, space: SpaceId) -> int:
    (gap,) = await site.aion.services.learning.finder.of(Scope(space), "").first(5)
    return gap.id


async def notices(site: Site, space: SpaceId) -> list[str]:
    """Return the conversations that were told something, with what they were told."""
    told = (inbox.c.space_id == space) & inbox.c.key.startswith("notice:")
    rows = await site.aion.stores.database.rows(select(inbox).where(told))
    return sorted(f"{row.message['conversation']}: {row.reply['text']}" for row in rows)


async def test_a_gap_is_taught_asked_again_and_told(shared: Site, space: SpaceId) -> None:
    question = "When does the library open on Saturdays?"
    await ask(shared, space, question, f"{space}:1")
    await ask(shared, space, question, f"{space}:2", "discord:8")
    number = await gap_of(shared, space)
    browser = await shared.signed_in(space)
    page = await browser.get("/gaps")
    assert question in page.text and "asked 2×, by 2" in page.text and "0 of these were resolved" in page.text
    text = "On Saturdays the library opens at nine o'clock in the morning."
    done = await browser.send(f"/gaps/{number}/teach", text=text)
    assert "I know it now" in done.text and "told in 2 conversations" in done.text and "nine o&#39;clock" in done.text
    told = await notices(shared, space)
    assert [each.partition(": ")[0] for each in told] == [f"{space}:1", f"{space}:2"]
    assert all("nine o'clock" in each for each in told)
    assert "1 of these was resolved" in (await browser.get("/gaps")).text
    again = await browser.send(f"/gaps/{number}/ask-again")
    assert again.status_code == 200 and await notices(shared, space) == told, "nobody is told twice"


async def test_a_text_that_does_not_help_leaves_it_open(shared: Site, space: SpaceId) -> None:
    await ask(shared, space, "Who painted the ceiling of the chapel?", f"{space}:1")
    number = await gap_of(shared, space)
    browser = await shared.signed_in(space)
    done = await browser.send(f"/gaps/{number}/ask-again")
    assert "I still do not know" in done.text
    assert await gap_of(shared, space) == number and await notices(shared, space) == []
    assert (await browser.send(f"/gaps/{number}/teach", text=" ")).status_code == 400


async def test_a_gap_is_brought_before_the_moderators_or_dismissed(shared: Site, space: SpaceId) -> None:
    await ask(shared, space, "Who painted the ceiling of the chapel?", f"{space}:1")
    number = await gap_of(shared, space)
    browser = await shared.signed_in(space)
    assert "no moderators&#39; channel" in (await browser.send(f"/gaps/{number}/hand-off")).text
    await shared.aion.stores.spaces.set_value(space, MODERATORS, f"{space}:mods")
    assert "moderators&#39; channel" in (await browser.send(f"/gaps/{number}/hand-off")).text
    (card,) = await notices(shared, space)
    assert card.startswith(f"{space}:mods") and "ceiling" in card
    assert "Left alone" in (await browser.send(f"/gaps/{number}/dismiss")).text
    assert "ceiling" not in (await browser.get("/gaps")).text
    actions = [event.change.action for event in await shared.aion.services.dashboard.audit.page(space, None, 9)]
    assert actions == ["dismiss", "hand_off"]


async def test_research_goes_on_after_the_response(
    shared: Site, space: SpaceId, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(shared, space, "Who painted the ceiling of the chapel?", f"{space}:1")
    number = await gap_of(shared, space)
    searched = []

    async def research(*about: object) -> tuple[()]:
        searched.append(about)
        return ()

    monkeypatch.setattr(type(shared.aion.services.learning.finder), "_research", research)
    browser = await shared.signed_in(space)
    assert "To approve" in (await browser.send(f"/gaps/{number}/research")).text
    await shared.tasks.finish(5)
    assert len(searched) == 1


async def test_questions_are_no_markup(shared: Site, space: SpaceId) -> None:
    await shared.aion.stores.spaces.set_value(space, MODERATORS, None)
    vector = np.ones(4, np.float32)
    gap = NewGap(HARM, "en", (f"{HARM} too",), 1, 1, vector, datetime.now(UTC))
    await shared.aion.stores.gaps.replace(space, [gap])
    browser = await shared.signed_in(space)
    for path in ("/today", "/gaps"):
        page = (await browser.get(path)).text
        assert HARM not in page and "&lt;script&gt;" in page
