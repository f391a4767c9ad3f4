"""Review: what waits, who decides, and that a decision holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.curation.fetch import Fetcher
from core.errors import BadInput
from core.knowledge.embedding import SoleEmbedder
from core.knowledge.ingest import Ingest
from core.knowledge.proposal_card import changed_lines
from core.knowledge.review import ReviewService, SpaceReview
from core.privacy.pseudonyms import Pseudonyms
from core.storage.curation.proposals import NewProposal, Proposals
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents, NewDocument
from core.storage.passages import Passages
from core.storage.spaces import Spaces
from core.types import IndexedDocument, Message, Person, Proposal, SpaceId
from tests.fakes import WordEmbedder
from tests.parser import InProcessParser

GUILD = SpaceId("discord:1")
TEXT = "The library opens at nine on weekdays.\nOn Sundays it stays closed all day."


class House:
    """The parts of a review over one data folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        embedder = WordEmbedder()
        self.documents = Documents(database)
        self.inbox = Inbox(database)
        self.channels = Channels(Spaces(database))
        self.passages = Passages(database)
        embedders = SoleEmbedder(embedder, self.passages)
        ingest = Ingest(self.documents, embedders, Fetcher(), InProcessParser(), max_file_bytes=1_000_000)
        notices = Notices(self.inbox, self.channels, Spaces(database), "en")
        self.reviews = ReviewService(Proposals(database), self.documents, ingest, notices, Pseudonyms.open(folder))

    def of(self, name: str) -> SpaceReview:
        person = Person(f"discord:{name}", name, is_moderator=True)
        return self.reviews.of(Message("discord:9", "discord", GUILD, "55", person, ""))


@pytest.fixture
async def house(tmp_path: Path):
    database = await Database.open(tmp_path)
    yield House(database, tmp_path)
    await database.close()


def page(text: str = TEXT, name: str = "https://library.example/hours", site: str = "library.example") -> NewProposal:
    return NewProposal(
        NewDocument(name, "bytes", "Opening hours", "html", "en", text), site, "opening hours", (text[:30],), score=0.8
    )


async def proposed(house: House, new: NewProposal) -> Proposal:
    proposal = await house.reviews.propose(GUILD, new)
    assert isinstance(proposal, Proposal)
    return proposal


async def test_nothing_is_searchable_before_it_is_approved_and_then_to_the_letter(house: House) -> None:
    proposal = await proposed(house, page())
    assert await house.passages.count(GUILD, WordEmbedder().id) == 0
    verdict = await house.of("ana").approve(proposal.id)
    assert verdict.is_new
    assert verdict.indexed is not None and verdict.indexed.outcome == "added"
    assert await house.passages.count(GUILD, WordEmbedder().id) == verdict.indexed.n_passages > 0
    [document] = await house.documents.list(GUILD)
    assert document.names == ("https://library.example/hours",)
    assert await house.documents.text(GUILD, document.id) == TEXT


async def test_two_moderators_at_once_make_one_decision(house: House) -> None:
    proposal = await proposed(house, page())
    verdicts = await asyncio.gather(
        house.of("ana").approve(proposal.id),
        house.of("rui").approve(proposal.id),
        house.of("eva").reject(proposal.id, "old"),
    )
    assert sum(verdict.is_new for verdict in verdicts) == 1
    kept = await house.reviews.proposals.get(GUILD, proposal.id)
    assert kept is not None
    assert len(await house.documents.list(GUILD)) == (1 if kept.status == "approved" else 0)


async def test_a_rejected_text_is_not_proposed_again_and_says_why(house: House) -> None:
    proposal = await proposed(house, page())
    verdict = await house.of("ana").reject(proposal.id, "out of date")
    assert (verdict.proposal.status, verdict.proposal.reason) == ("rejected", "out of date")
    assert await house.reviews.propose(GUILD, page(name="https://copy.example/")) is None
    assert not (await house.of("rui").approve(proposal.id)).is_new
    assert not await house.documents.list(GUILD)


async def test_what_waits_or_is_known_is_not_proposed_twice(house: House) -> None:
    proposal = await proposed(house, page())
    assert await house.reviews.propose(GUILD, page()) is None
    await house.of("ana").approve(proposal.id)
    assert await house.reviews.propose(GUILD, page(name="https://copy.example/")) == IndexedDocument(
        "https://copy.example/", "duplicate", 1, duplicate_of="https://library.example/hours"
    )


async def test_a_whole_site_is_approved_at_once(house: House) -> None:
    await proposed(house, page())
    await proposed(house, page("Members borrow ten books at a time.", "https://library.example/loans"))
    other = await proposed(house, page("Buy our books now, cheap.", "https://shop.example/", "shop.example"))
    assert len(await house.of("ana").approve_site("Library.example")) == 2
    assert [waiting.id for waiting in await house.of("ana").pending()] == [other.id]


async def test_another_space_decides_nothing(house: House) -> None:
    proposal = await proposed(house, page())
    stranger = Message("discord:8", "discord", SpaceId("discord:2"), "1", Person("discord:3", "Eva", True), "")
    with pytest.raises(BadInput):
        await house.reviews.of(stranger).approve(proposal.id)
    assert not await house.reviews.of(stranger).pending()


async def test_moderators_see_a_card_with_what_would_change(house: House) -> None:
    await house.channels.gather_moderators(GUILD, "77")
    first = await proposed(house, page())
    await house.of("ana").approve(first.id)
    await proposed(house, page(TEXT.replace("nine", "ten")))
    card = (await house.inbox.unfinished("discord"))[-1].reply
    assert card is not None
    assert "- The library opens at nine on weekdays." in card.text
    assert "+ The library opens at ten on weekdays." in card.text
    assert [(button.command, button.argument) for button in card.buttons] == [
        ("approve", "2"),
        ("reject", "2"),
        ("approve", "library.example"),
    ]


async def test_a_proposal_for_a_known_name_replaces_the_document(house: House) -> None:
    await house.of("ana").approve((await proposed(house, page())).id)
    newer = await proposed(house, page(TEXT.replace("nine", "ten")))
    verdict = await house.of("ana").approve(newer.id)
    assert verdict.indexed is not None and verdict.indexed.outcome == "replaced"
    assert len(await house.documents.list(GUILD)) == 1


def test_a_difference_names_what_goes_and_what_comes_and_ends() -> None:
    assert changed_lines("a\nb", "a\nb") == ()
    assert changed_lines("a\nb", "a\nc") == ("- b", "+ c")
    assert changed_lines("", "\n".join(map(str, range(50))))[-1] == "…"
