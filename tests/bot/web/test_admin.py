"""Review over HTTP: for the token alone, once, and beside whoever decides in chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.web.admin import admin_router
from bot.web.app import create_app
from core.chat.channels import Channels
from core.chat.notices import Notices
from core.curation.fetch import Fetcher
from core.knowledge.embedding import SoleEmbedder
from core.knowledge.ingest import Ingest
from core.knowledge.review import ReviewService
from core.privacy.pseudonyms import Pseudonyms
from core.storage.curation.proposals import NewProposal, Proposals
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents, NewDocument
from core.storage.passages import Passages
from core.storage.spaces import Spaces
from core.types import Person, Scope, SpaceId
from tests.fakes import WordEmbedder
from tests.parser import InProcessParser

GUILD = SpaceId("discord:1")
TOKEN = "a-made-up-token"
ANA = Person("discord:7", "Ana", is_moderator=True)


@dataclass
class House:
    reviews: ReviewService
    documents: Documents
    client: httpx.AsyncClient

    async def propose(self, n: int) -> int:
        text = f"The library's hall {n} opens at nine on weekdays."
        new = NewDocument(f"https://library.example/{n}", "bytes", f"Hall {n}", "html", "en", text)
        await self.reviews.propose(GUILD, NewProposal(new, "library.example", "halls", (text,), score=0.8))
        return (await self.reviews.proposals.pending(GUILD))[-1].id


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with await Database.open(tmp_path) as database:
        documents, spaces = Documents(database), Spaces(database)
        embedders = SoleEmbedder(WordEmbedder(), Passages(database))
        ingest = Ingest(documents, embedders, Fetcher(), InProcessParser(), max_file_bytes=1_000_000)
        notices = Notices(Inbox(database), Channels(spaces), spaces, "en")
        reviews = ReviewService(Proposals(database), documents, ingest, notices, Pseudonyms.open(tmp_path))
        transport = httpx.ASGITransport(create_app([admin_router(reviews, TOKEN)]))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://aion", headers={"Authorization": f"Bearer {TOKEN}"}
        ) as client:
            yield House(reviews, documents, client)


async def test_what_waits_is_listed_and_decided_on_once(house: House) -> None:
    first, second = await house.propose(1), await house.propose(2)
    listed = (await house.client.get("/admin/review", params={"space": GUILD})).json()
    assert [(each["number"], each["title"], each["status"]) for each in listed] == [
        (first, "Hall 1", "pending"),
        (second, "Hall 2", "pending"),
    ]
    assert (await house.client.get("/admin/review", params={"space": "discord:2"})).json() == []
    approved = await house.client.post(f"/admin/review/{first}/approve", params={"space": GUILD})
    assert (approved.json()["status"], approved.json()["is_new"]) == ("approved", True)
    rejected = await house.client.post(
        f"/admin/review/{second}/reject", params={"space": GUILD}, json={"reason": "out of date"}
    )
    assert (rejected.json()["status"], rejected.json()["is_new"]) == ("rejected", True)
    late = await house.client.post(f"/admin/review/{second}/approve", params={"space": GUILD})
    assert (late.json()["status"], late.json()["is_new"]) == ("rejected", False)
    assert [document.title for document in await house.documents.list(GUILD)] == ["Hall 1"]


async def test_of_a_moderator_and_a_program_one_decides(house: House) -> None:
    number = await house.propose(1)
    verdict, response = await asyncio.gather(
        house.reviews.at(Scope(GUILD), ANA).approve(number),
        house.client.post(f"/admin/review/{number}/reject", params={"space": GUILD}),
    )
    assert sorted([verdict.is_new, response.json()["is_new"]]) == [False, True]
    assert len(await house.documents.list(GUILD)) == (1 if verdict.is_new else 0)


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
async def test_nobody_else_sees_or_decides_anything(house: House, given: dict[str, str]) -> None:
    number = await house.propose(1)
    house.client.headers.pop("Authorization")
    for method, path in (("GET", ""), ("POST", f"/{number}/approve"), ("POST", f"/{number}/reject")):
        response = await house.client.request(method, f"/admin/review{path}", params={"space": GUILD}, headers=given)
        assert response.status_code == 401
        assert "Hall" not in response.text
    assert len(await house.reviews.proposals.pending(GUILD)) == 1


async def test_an_unknown_number_is_told_in_one_sentence(house: House) -> None:
    response = await house.client.post("/admin/review/99/approve", params={"space": GUILD})
    assert response.status_code == 400
    assert "99" in response.json()["error"]["message"]
    assert (await house.client.get("/admin/review")).status_code == 400


@pytest.mark.parametrize("number", ["9" * 19, "9" * 400, "-1", "1.5", "x", "²"])
@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_a_number_that_nothing_can_have_is_not_found(house: House, number: str, verb: str) -> None:
    response = await house.client.post(f"/admin/review/{number}/{verb}", params={"space": GUILD})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


async def test_half_a_character_is_refused(house: House) -> None:
    number = await house.propose(1)
    body, kind = b'{"reason": "\\ud800"}', {"Content-Type": "application/json"}
    path = f"/admin/review/{number}/reject"
    response = await house.client.post(path, params={"space": GUILD}, content=body, headers=kind)
    assert response.status_code == 400
    assert len(await house.reviews.proposals.pending(GUILD)) == 1
