"""Whether a question goes on from the one before: joined on the subject, left alone after a change of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.chat.conversation import CondensedQuestion
from core.chat.follow_up import ELSEWHERE, FEATURES, MAX_NAMED, follow_up_features, log_odds, search_in_session
from core.chat.own_words import NEARLY_NATS, is_elsewhere, own_words, weighing
from core.retrieval.search import HybridSearcher
from core.storage.turns import Session
from core.types import Scope, SpaceId
from tests.core.retrieval.memory_store import MemoryStore
from tests.fakes import WordEmbedder

HERE = SpaceId("discord:9")
NOTES = (
    "Members get twenty days of vacation. Unused days are carried over until March.",
    "The car park behind the house has nine places; visitors park for free on Sundays.",
    "The wireless password is on the blackboard and changes every month.",
    "Laptops are repaired by Tobias in the workshop, within a week.",
)
VACATION = "How many days of vacation do members get?"


@pytest.fixture
def searcher(tmp_path: Path) -> HybridSearcher:
    store = MemoryStore(WordEmbedder())
    store.add(HERE, *NOTES)
    return HybridSearcher(store.embedder, store, tmp_path)


def asked(text: str, earlier: str | None) -> CondensedQuestion:
    return CondensedQuestion(Session(HERE, "general", "p"), text, text, datetime(2030, 1, 1, tzinfo=UTC), earlier)


async def searched(searcher: HybridSearcher, text: str, earlier: str | None) -> tuple[str, str]:
    condensed, found = await search_in_session(searcher, Scope(HERE), asked(text, earlier), "en")
    assert found.question.text == condensed.search_text
    return condensed.topic, found.hits[0].passage.text


@pytest.mark.parametrize(
    "text", ["can I carry over unused ones?", "and what if some are unused?", "until when?", "why?"]
)
async def test_stays_on_the_subject_of_the_question_before(searcher, text):
    assert await searched(searcher, text, VACATION) == (VACATION, NOTES[0])


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("where can visitors park on Sundays?", 1),
        ("wireless password?", 2),
        ("and who repairs laptops in the workshop?", 3),
        ("so what is the wireless password on the blackboard", 2),
    ],
)
async def test_a_change_of_subject_is_not_joined(searcher, text, n):
    assert await searched(searcher, text, VACATION) == (text, NOTES[n])


async def test_without_a_question_before_it_is_searched_as_it_is(searcher):
    assert await searched(searcher, "until when?", None) == ("until when?", (await first(searcher, "until when?")))
    assert await searched(searcher, VACATION, VACATION) == (VACATION, NOTES[0])


async def first(searcher: HybridSearcher, text: str) -> str:
    return (await searcher.search(Scope(HERE), text, "en")).hits[0].passage.text


@pytest.mark.parametrize(("text", "topic"), [("until when?", VACATION), ("wireless password of the house?", None)])
async def test_where_nothing_is_found_its_wording_decides(tmp_path, text, topic):
    store = MemoryStore(WordEmbedder())
    condensed, found = await search_in_session(
        HybridSearcher(store.embedder, store, tmp_path), Scope(HERE), asked(text, VACATION), "en"
    )
    assert condensed.topic == (topic or text) and found.hits == ()


async def test_features_tell_what_the_question_names_and_where_it_is_found(searcher):
    text = "where do visitors park their blue cars near the house on Sundays in the snow"
    before, alone, both = [
        await searcher.search(Scope(HERE), each, "en") for each in (VACATION, text, f"{VACATION}\n{text}")
    ]
    features = follow_up_features(text, before, alone, both)
    assert set(features) == {*FEATURES, ELSEWHERE}
    assert features["named"] == MAX_NAMED and features["leans"] == 0 and 0 < features["held"] < 1
    assert follow_up_features(text, alone, alone, alone)["same"] == 1
    assert follow_up_features(text, alone, alone, alone)["gain"] == 0


def test_what_names_another_subject_that_is_nowhere_does_not_go_on():
    near = {"leans": 0.0, "gain": 2.0, "same": 0.0, "held": 0.5, "named": 1.0, ELSEWHERE: 0.0}
    assert log_odds(near) > 0
    assert log_odds({**near, ELSEWHERE: 1.0}) < 0
    assert log_odds({**near, ELSEWHERE: 1.0, "leans": 1.0}) > 0
    assert log_odds({**near, "held": 0.0, "named": 2.0}) < 0
    assert log_odds({**near, "held": 0.0, "named": 2.0, "leans": 1.0}) > 0


GUESTS = "What about guests?"


async def test_its_own_words_weigh_most(tmp_path: Path) -> None:
    store = MemoryStore(WordEmbedder())
    notes = (
        "Members get twenty days of vacation in the year, and days of vacation count from the first day.",
        "Trainees get twelve days.",
        "The wireless password changes every month.",
    )
    store.add(HERE, *notes)
    searcher = HybridSearcher(store.embedder, store, tmp_path)
    condensed, found = await search_in_session(searcher, Scope(HERE), asked("what about trainees?", VACATION), "en")
    assert condensed.topic == VACATION, "asked alone it would not be known what of them"
    assert [hit.passage.text for hit in found.hits][:2] == [notes[1], notes[0]]
    assert not found.question.unmentioned


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (GUESTS, "guests"),
        ("And the Stolen helmet?", "Stolen helmet"),
        ("what about members?", ""),
        ("and if guests come?", ""),
        ("can I carry over unused ones?", ""),
    ],
)
async def test_another_thing_that_nothing_found_mentions_is_named(searcher, text, missing):
    _, found = await search_in_session(searcher, Scope(HERE), asked(text, VACATION), "en")
    assert found.question.unmentioned == missing


async def test_nothing_is_missed_in_passages_of_another_language(tmp_path: Path) -> None:
    store = MemoryStore(WordEmbedder())
    store.add(HERE, "Os sócios têm vinte dias de férias por ano.", language="pt")
    searcher = HybridSearcher(store.embedder, store, tmp_path)
    _, found = await search_in_session(searcher, Scope(HERE), asked(GUESTS, VACATION), "en")
    assert not found.question.unmentioned


async def test_what_its_own_words_name_is_elsewhere_where_both_questions_find_it_nearly_as_well(searcher) -> None:
    before, alone, both = [
        await searcher.search(Scope(HERE), each, "en")
        for each in (VACATION, "who is Tobias?", f"{VACATION}\nwho is Tobias?")
    ]
    own = own_words(alone.question, before.question)
    assert both.hits[0].passage.text == NOTES[0] and alone.hits[0].passage.text == NOTES[3]
    assert is_elsewhere(alone, both, own)
    first, *others = both.hits
    far = replace(both, hits=(replace(first, score=first.score + NEARLY_NATS), *others))
    assert not is_elsewhere(alone, far, own)
    assert not is_elsewhere(alone, weighing(both, own), own), "then the joined search finds it first"
    assert not is_elsewhere(alone, both, ())
