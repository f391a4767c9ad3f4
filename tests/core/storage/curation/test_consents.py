"""Consent holds in a whole community, and a text waits for it in the space of its audience."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.storage.curation.consents import SOURCE, Consents
from core.storage.database import Database
from core.types import SpaceId
from tests.stored import new_document

GUILD, VIP, OTHER = SpaceId("discord:1"), SpaceId("discord:1/channel-7"), SpaceId("discord:12/channel-7")


@pytest.fixture
async def consents(tmp_path: Path):
    database = await Database.open(tmp_path)
    yield Consents(database)
    await database.close()


async def test_a_decision_anywhere_lets_go_what_waits_in_each_audience(consents: Consents) -> None:
    for space in (GUILD, VIP, OTHER):
        assert await consents.hold(space, new_document("said", "The kiln is hot.", source_hash=SOURCE), ["eva"], "ana")
    await consents.decide(VIP, "eva", is_given=True)
    assert await consents.decisions(GUILD, ["eva"]) == await consents.decisions(VIP, ["eva"]) == {"eva": True}
    assert not await consents.decisions(OTHER, ["eva"])
    assert [each.space for each in await consents.agreed(GUILD)] == [GUILD, VIP]
    assert await consents.agreed(OTHER) == ()


async def test_a_refusal_deletes_it_in_each_audience(consents: Consents) -> None:
    for space in (GUILD, VIP):
        await consents.hold(space, new_document("said", "The kiln is hot."), ["eva", "rui"], "ana")
    await consents.decide(GUILD, "rui", is_given=False)
    await consents.decide(GUILD, "eva", is_given=True)
    assert await consents.agreed(VIP) == ()
