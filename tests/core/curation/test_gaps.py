"""Gaps: what was not answered, put together by meaning, researched within its allowance, and never asked twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.curation.curator import Curator
from core.curation.fetch import Fetcher
from core.curation.gaps import MIN_COSINE, GapFinder, SpaceGaps, clusters
from core.curation.robots_fetch import PoliteFetcher
from core.errors import BadInput
from core.knowledge.embedding import SoleEmbedder
from core.knowledge.ingest import Ingest
from core.knowledge.review import ReviewService
from core.privacy.pseudonyms import Pseudonyms
from core.storage.answers import Answers, NewAnswer
from core.storage.curation.gaps import Gaps, UnansweredQuestion
from core.storage.curation.proposals import Proposals
from core.storage.curation.reading_log import ReadingLog
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.storage.schema import answers
from core.storage.spaces import Spaces
from core.types import Band, Confidence, Decision, Scope, SpaceId
from tests.core.curation.site import Site, SiteSearch, as_page, serving
from tests.fakes import WordEmbedder
from tests.pages import LIBRARY
from tests.parser import InProcessParser

GUILD = SpaceId("discord:1")
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass
class House:
    """The gaps of one data folder, beside a site with one page about them."""

    database: Database
    finder: GapFinder
    answers: Answers
    site: Site
    search: SiteSearch

    @property
    def gaps(self) -> SpaceGaps:
        return self.finder.of(Scope(GUILD), "ana")

    async def ask(self, question: str, person: str = "rui", used: str = "abstained", band: Band = "abstain") -> int:
        decision = Decision(band, Confidence(0.1, 0.5))
        return await self.answers.record(NewAnswer(GUILD, person, "55", question, "en", (), decision, "…", used))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = await Database.open(tmp_path)
    async with serving() as site:
        site.pages = {"/library": as_page("The library", LIBRARY)}
        pages = PoliteFetcher(Fetcher(frozenset({site.host})), pace_s=0)
        documents, spaces, embedder = Documents(database), Spaces(database), WordEmbedder()
        embedders = SoleEmbedder(embedder, Passages(database))
        ingest = Ingest(documents, embedders, pages, InProcessParser(), max_file_bytes=1_000_000)
        notices = Notices(Inbox(database), Channels(spaces), spaces, "en")
        reviews = ReviewService(Proposals(database), documents, ingest, notices, Pseudonyms.open(tmp_path))
        search = SiteSearch(site, ("/library",))
        curator = Curator(search, pages, ingest, reviews, documents, ReadingLog(database))
        finder = GapFinder(Gaps(database), embedder, curator, curator.readings, spaces)
        yield House(database, finder, Answers(database), site, search)
    await database.close()


async def test_what_was_not_answered_is_a_gap_and_what_was_is_none(house: House) -> None:
    await house.ask("When does the library open?")
    await house.ask("Where are the keys?", used="local", band="local")
    await house.ask("Who repairs bicycles?", used="groq", band="provider")
    await house.finder.gather()
    assert {gap.question for gap in await house.gaps.first(5)} == {
        "When does the library open?",
        "Who repairs bicycles?",
    }


async def test_a_thumb_down_makes_a_gap_and_a_thumb_up_closes_one(house: House) -> None:
    disliked = await house.ask("Where are the keys?", used="local", band="local")
    liked = await house.ask("Who repairs bicycles?", used="groq", band="provider")
    await house.answers.rate(GUILD, disliked, "eva", "down")
    await house.answers.rate(GUILD, liked, "eva", "up")
    await house.finder.gather()
    assert [gap.question for gap in await house.gaps.first(5)] == ["Where are the keys?"]


async def test_ways_to_ask_the_same_are_one_gap_and_people_are_counted_once(house: House) -> None:
    for person, question in (
        ("rui", "when does the library open"),
        ("rui", "when does the library open?"),
        ("eva", "when does the library open today"),
    ):
        await house.ask(question, person)
    await house.ask("who repairs bicycles", "eva")
    await house.finder.gather()
    first, second = await house.gaps.first(5)
    assert (first.n_questions, first.n_people) == (3, 2)
    assert len(first.examples) == 2
    assert second.question == "who repairs bicycles"


async def test_another_space_sees_none_of_it(house: House) -> None:
    await house.ask("When does the library open?")
    await house.finder.gather()
    [gap] = await house.gaps.first(5)
    stranger = house.finder.of(Scope(SpaceId("discord:2")), "eva")
    assert not await stranger.first(5)
    with pytest.raises(BadInput):
        await stranger.dismiss(gap.id)


async def test_a_dismissed_gap_comes_back_only_when_it_is_asked_anew(house: House) -> None:
    old = await house.ask("When does the library open?")
    async with house.database.write() as connection:
        long_ago = datetime.now(UTC) - timedelta(days=3)
        await connection.execute(update(answers).where(answers.c.id == old).values(created_at=long_ago))
    await house.finder.gather()
    [gap] = await house.gaps.first(5)
    await house.gaps.dismiss(gap.id)
    await house.finder.gather()
    assert not await house.gaps.first(5)
    await house.ask("When does the library open?")
    await house.finder.gather()
    assert len(await house.gaps.first(5)) == 1


async def test_a_researched_gap_brings_pages_to_the_moderators(house: House) -> None:
    await house.ask("opening hours of the library")
    [gap] = await house.gaps.first(5)

    async def unheard(_: object) -> None:
        pass

    [finding] = await house.gaps.research(gap.id, unheard)
    assert finding.outcome == "proposed"
    await house.finder.gather()
    assert not await house.gaps.first(5)


async def test_by_itself_it_reads_only_what_a_space_allows(house: House) -> None:
    await house.ask("opening hours of the library")
    await house.finder.gather()
    await house.finder.research()
    assert not house.site.served["/library"]
    await house.gaps.allow(10)
    await house.finder.research()
    assert house.site.served["/library"] == 1
    await house.ask("how to join the library")
    await house.finder.gather()
    await house.finder.research()  # nine pages are left, a search may bring ten
    assert house.site.served["/library"] == 1
    assert await house.finder.pages_left(GUILD) == 9


def test_clusters_hold_every_question_once_and_near_ones_together() -> None:
    random = np.random.default_rng(5)
    centres = random.normal(size=(3, 16))
    rows = np.concatenate([centre + 0.05 * random.normal(size=(7, 16)) for centre in centres])
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    asked = [
        UnansweredQuestion(f"question {n}", "en", f"person {n % 2}", NOW + timedelta(n), n, "c") for n in range(21)
    ]
    found = clusters(asked, vectors)
    assert sorted(gap.n_questions for gap in found) == [7, 7, 7]
    assert sum(gap.n_questions for gap in found) == len(asked)
    assert all(gap.n_people == 2 for gap in found)
    centres_found = np.array([gap.vector for gap in found])
    assert np.allclose(np.linalg.norm(centres_found, axis=1), 1, atol=1e-5)
    assert (centres_found @ centres_found.T - np.eye(3)).max() < MIN_COSINE
    assert clusters([], np.empty((0, 16), np.float32)) == []
    assert clusters(asked[:1], vectors[:1])[0].question == "question 0"
