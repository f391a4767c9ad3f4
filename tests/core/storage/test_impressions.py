"""What people did with answers: in their own space, once each, and gone with the answer."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import BadInput
from core.evaluation.online import quality
from core.feedback import Feedback
from core.ops.quality_log import QualityLog
from core.privacy.pseudonyms import Pseudonyms
from core.storage.answers import Answers
from core.storage.documents import Documents
from core.storage.impressions import Impressions
from core.storage.passages import Passages
from core.storage.quality_days import QualityDays
from core.types import Person, Scope, Source, SpaceId
from tests.core.storage.test_answers import ANSWER, HERE, THERE
from tests.stored import embedded, new_document

ANA, RUI = Person("discord:1", "Ana"), Person("discord:2", "Rui")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def impressions(database):
    return Impressions(database)


@pytest.fixture
def feedback(database, impressions):
    return Feedback(Answers(database), Passages(database), impressions, Pseudonyms(b"k" * 32), lambda space: None)


async def all_shown(impressions, space=HERE):
    return await impressions.shown(space, LONG_AGO, datetime.now(UTC) + timedelta(seconds=1))


async def test_opened_sources_are_told_and_counted_once_a_person(database, feedback, impressions):
    answer_id = await Answers(database).record(ANSWER)
    for person in (ANA, RUI, ANA):
        text = await feedback.open_sources(Scope(HERE), answer_id, person)
    assert text == "**Sources**\n[1] House rules › Garden › Keys\n> The key is under the pot."
    (shown,) = await all_shown(impressions)
    assert len(shown.openers) == 2 and shown.passages == (7,) == tuple(shown.cited)


async def test_documents_words_are_no_markup(database, feedback):
    source = Source(1, "**Rules**", "", "see [here] @everyone\n# a `code` <x>", 7)
    answer_id = await Answers(database).record(replace(ANSWER, sources=(source,)))
    text = await feedback.open_sources(Scope(HERE), answer_id, ANA)
    assert "[1] \\*\\*Rules\\*\\*\n> see \\[here\\] \\@everyone # a \\`code\\` \\<x>" in text


async def test_another_space_s_answer_is_not_there(database, feedback, impressions):
    answer_id = await Answers(database).record(ANSWER)
    with pytest.raises(BadInput):
        await feedback.open_sources(Scope(THERE), answer_id, ANA)
    with pytest.raises(BadInput):
        await impressions.open_sources(THERE, answer_id, "a")
    assert not (await all_shown(impressions))[0].openers and not await all_shown(impressions, THERE)


async def test_what_was_not_shown_or_names_no_sources_is_no_impression(database, impressions):
    answers = Answers(database)
    await answers.record(replace(ANSWER, sources=()))
    await answers.record(replace(ANSWER, used="silent"))
    assert await all_shown(impressions) == []


async def test_ratings_are_told_with_what_the_gate_saw(database, impressions, feedback):
    answers = Answers(database)
    first = await answers.record(replace(ANSWER, searched="Keys?\nand where?"))
    second = await answers.record(replace(ANSWER, used="abstained", sources=()))
    await answers.record(ANSWER)
    await feedback.press(HERE, first, ANA, "up")
    await feedback.press(HERE, first, RUI, "down")
    await feedback.press(HERE, second, RUI, "up")
    one, other = await impressions.rated(HERE)
    assert (one.searched, one.net_rating) == ("Keys?\nand where?", 0.0)
    assert (one.has_sources, one.features) == (True, {"top": 0.82})
    assert (other.searched, other.net_rating, other.used) == ("Where is the key?", 1.0, "abstained")
    assert await impressions.rated(THERE) == []


async def test_a_day_s_quality_is_kept_once_and_only_of_what_was_shown_by_then(database, impressions, feedback):
    answer_id = await Answers(database).record(ANSWER)
    await feedback.press(HERE, answer_id, ANA, "up")
    await feedback.open_sources(Scope(HERE), answer_id, ANA)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    log = QualityLog(impressions, QualityDays(database), lambda: tomorrow)
    assert (await log.keep_yesterday(), await log.keep_yesterday()) == ("1 spaces' quality is kept",) * 2
    days = await log.days(HERE)
    assert list(days) == [datetime.now(UTC).date()]
    assert days[datetime.now(UTC).date()]["ctr"] == days[datetime.now(UTC).date()]["cr"] == 1.0
    assert await log.snapshot(HERE) == quality(await all_shown(impressions))
    assert (
        await QualityLog(impressions, QualityDays(database), lambda: tomorrow + timedelta(days=40)).snapshot(HERE)
    ).n_shown == 0
    assert not await QualityDays(database).since(THERE, date(2000, 1, 1))


async def test_an_answer_is_rated_whoever_reads_its_channel_since(database, feedback):
    closed = SpaceId(f"{HERE}/channel-7")
    for given, rated in ((HERE, closed), (closed, HERE)):
        answer_id = await Answers(database).record(replace(ANSWER, space=given))
        assert await feedback.press(rated, answer_id, ANA, "up") == "up"
        with pytest.raises(BadInput):
            await feedback.press(THERE, answer_id, ANA, "up")


async def test_passages_that_may_not_be_read_here_any_more_are_not_among_the_sources(database, feedback):
    closed = SpaceId(f"{HERE}/channel-7")
    kept = await Documents(database).store(
        closed, new_document("keys", "The key is under the pot."), embedded("Secret.")
    )
    assert kept.n_passages == 1
    ((passage,),) = [(await Passages(database).changes(closed, 0, "words-256")).added]
    source = Source(1, "House rules", "", "Secret.", passage)
    answer_id = await Answers(database).record(replace(ANSWER, sources=(source,)))
    assert "Secret" not in await feedback.open_sources(Scope(HERE), answer_id, ANA)
    assert "Secret" in await feedback.open_sources(Scope(closed), answer_id, ANA)
