"""Answers: recorded with everything a reward needs, rated once per person, closed to other spaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, text, update

from core.errors import BadInput
from core.storage.answers import Answers, NewAnswer, UsedPassage
from core.storage.cached_answers import CachedAnswers
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.migrations.versions import v0030_answers_once, v0031_answer_documents
from core.storage.schema import answer_documents, passages
from core.storage.schema import answers as table
from core.types import (
    Confidence,
    Decision,
    Generation,
    Hit,
    Message,
    Passage,
    Person,
    PromptTurn,
    Reason,
    Sampling,
    Source,
    SpaceId,
    Thumb,
)
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
PASSAGE = Passage(7, 3, HERE, "House rules", "Garden > Keys", "The key is under the pot.", 10, 35, "en")
HIT = Hit(PASSAGE, score=0.9, dense=0.82, lexical=4.5, vector=np.zeros(4, np.float32))
GENERATION = Generation(
    text="Under the pot [1].",
    generator="local",
    model="smollm2",
    prompt=(PromptTurn("system", "Be kind."), PromptTurn("user", "Where is the key? 🔑")),
    sampling=Sampling(temperature=0.2, top_p=0.5, max_new_tokens=64, seed=7),
    log_probs=(-0.1, -2.25, -1e-09),
    lora_version="v3",
)
ANSWER = NewAnswer(
    space=HERE,
    asker="a" * 32,
    conversation="channel 5",
    question="Where is the key?",
    language="en",
    passages=[HIT],
    decision=Decision(
        "local", Confidence(0.93, 0.71, (Reason("words_found", {"words": "key"}), Reason("close")), {"top": 0.82})
    ),
    text="As shown: under the pot [1].",
    used="local",
    sources=(Source(1, "House rules", "Garden > Keys", "The key is under the pot.", 7),),
    generation=GENERATION,
    latency_ms={"search": 3.5, "write": 812.0},
)


@pytest.fixture
def answers(database: Database) -> Answers:
    return Answers(database)


def migrate(connection: Connection, step: Callable[[], None]) -> None:
    """Run one step of the schema's history, whatever came after it."""
    with Operations.context(MigrationContext.configure(connection)):
        step()


async def test_an_answer_comes_back_as_it_was_given(answers: Answers) -> None:
    answer_id = await answers.record(ANSWER)
    record = await answers.get(HERE, answer_id)
    assert record is not None
    for name in ("space", "asker", "conversation", "question", "language", "decision", "text", "used", "sources"):
        assert getattr(record, name) == getattr(ANSWER, name), name
    assert record.generation == GENERATION
    assert record.latency_ms == ANSWER.latency_ms
    assert record.passages == (UsedPassage(7, 3, "House rules", "Garden > Keys", 0.9, 0.82, 4.5),)
    assert record.message_ref is None
    assert abs(datetime.now(UTC) - record.created_at) < timedelta(minutes=1)


async def test_an_answer_that_no_model_wrote(answers: Answers) -> None:
    extracted = replace(ANSWER, generation=None, used="extract", passages=[], sources=())
    record = await answers.get(HERE, await answers.record(extracted))
    assert record is not None
    assert (record.generation, record.used, record.passages) == (None, "extract", ())


async def test_where_an_answer_is_shown_is_remembered(database: Database, answers: Answers) -> None:
    answer_id = await answers.record(ANSWER)
    for space, handle in ((THERE, "stolen"), (HERE, "9"), (HERE, "10")):
        asked = Message("discord:1", "discord", space, "5", Person("discord:3", "Ana"), "When?")
        await Inbox(database).journal(asked).shown(answer_id, handle)
    record = await answers.get(HERE, answer_id)
    assert record is not None
    assert record.message_ref == "discord:10"
    assert await answers.shown_at(HERE, "discord:10") == answer_id
    assert await answers.shown_at(HERE, "discord:9") is None
    assert await answers.shown_at(THERE, "discord:10") is None


async def test_one_rating_per_person_changed_and_withdrawn(answers: Answers) -> None:
    answer_id = await answers.record(ANSWER)
    wanted: list[Thumb | None] = ["up", "up", "down", None, None, "down"]
    for thumb in wanted:
        await answers.rate(HERE, answer_id, "ana", thumb)
        assert await answers.thumb_of(HERE, answer_id, "ana") == thumb
    await answers.rate(HERE, answer_id, "rui", "up")
    assert await answers.thumb_of(HERE, answer_id, "ana") == "down"


async def test_a_press_counts_with_its_key_or_not_at_all(answers: Answers) -> None:
    answer_id = await answers.record(ANSWER)
    with pytest.raises(BadInput, match="elsewhere"):
        await answers.rate(HERE, answer_id + 1, "ana", "up", "press:1")
    assert await answers.rate(HERE, answer_id, "ana", "up", "press:1"), "its key was not claimed without a rating"
    assert not await answers.rate(HERE, answer_id, "ana", None, "press:1")
    assert await answers.thumb_of(HERE, answer_id, "ana") == "up"


async def test_another_space_neither_sees_nor_rates_an_answer(answers: Answers) -> None:
    answer_id = await answers.record(ANSWER)
    await answers.rate(HERE, answer_id, "ana", "up")
    assert await answers.get(THERE, answer_id) is None
    assert await answers.thumb_of(THERE, answer_id, "ana") is None
    for thumb in ("down", None):
        with pytest.raises(BadInput, match="elsewhere"):
            await answers.rate(THERE, answer_id, "ana", thumb)
    assert await answers.thumb_of(HERE, answer_id, "ana") == "up"


async def test_an_answer_that_never_was_cannot_be_rated(answers: Answers) -> None:
    with pytest.raises(BadInput, match="elsewhere"):
        await answers.rate(HERE, 99, "ana", "up")


async def test_an_answer_made_again_before_it_was_shown_is_recorded_once(database: Database, answers: Answers) -> None:
    """As when a core dies between recording and sending; an edited question has a second answer, after the first."""
    asked = replace(ANSWER, asked_by_message="discord:9")
    first = await answers.record(asked)
    again = replace(asked, text="Under the pot.", used="extract", generation=None, latency_ms={})
    assert await answers.record(again) == first
    made = await answers.get(HERE, first)
    assert made is not None
    assert (made.text, made.used, made.generation, made.latency_ms) == ("Under the pot.", "extract", None, {})
    cached = CachedAnswers(database)
    for words in ("key", "key pot"):
        await cached.keep(HERE, first, "en", "now", words, np.ones(4, np.float32))
    assert [len(await cached.find(HERE, "en", "now", words)) for words in ("key", "key pot")] == [0, 1]
    message = Message("discord:9", "discord", HERE, "5", Person("discord:1", "Ana"), "Where is the key?")
    await Inbox(database).note_shown(message, first, "77")
    edited = await answers.record(replace(asked, question="Where is the spare key?"))
    assert edited != first
    shown = await answers.get(HERE, first)
    assert shown is not None and shown.question == "Where is the key?"
    others = [await answers.record(replace(ANSWER, asked_by_message=key, space=space))
              for key, space in ((None, HERE), (None, HERE), ("discord:9", THERE))]  # fmt: skip
    assert len({first, edited, *others}) == 5


async def test_of_answers_recorded_twice_before_the_last_keeps_its_message(
    database: Database, answers: Answers
) -> None:
    first = await answers.record(ANSWER)
    last = await answers.record(ANSWER)
    other = await answers.record(replace(ANSWER, asked_by_message="discord:8"))
    async with database.write() as connection:  # as it was before that revision
        await connection.execute(text("DROP INDEX ux_answers_never_shown"))
        doubled = update(table).where(table.c.id.in_([first, last])).values(asked_by_message="discord:9")
        await connection.execute(doubled)
        await connection.run_sync(migrate, v0030_answers_once.upgrade)
    found = [await answers.get(HERE, each) for each in (first, last, other)]
    assert [each and each.asked_by_message for each in found] == [None, "discord:9", "discord:8"]
    assert await answers.record(replace(ANSWER, asked_by_message="discord:9")) == last


async def test_what_an_answer_cites_is_noted_also_of_earlier_ones(database: Database, answers: Answers) -> None:
    documents = Documents(database)
    for name in ("keys", "bells"):
        await documents.store(HERE, new_document(name, f"The {name}."), embedded(f"The {name}."))
    first, second = sorted(each.id for each in await documents.list(HERE))
    ids = {row.document_id: row.id for row in await database.rows(select(passages.c.id, passages.c.document_id))}
    hits = [replace(HIT, passage=replace(PASSAGE, id=ids[each], document_id=each)) for each in (first, second)]
    cited = tuple(replace(ANSWER.sources[0], n=n, passage_id=ids[second]) for n in (1, 2))
    answer = replace(ANSWER, passages=hits, sources=cited, asked_by_message="discord:9")
    number = await answers.record(replace(answer, sources=(replace(cited[0], passage_id=ids[first]),)))
    assert await answers.record(answer) == number, "made again, it cites another document"
    await answers.record(replace(ANSWER, passages=hits, sources=()))
    await answers.record(replace(ANSWER, passages=hits, sources=(replace(cited[0], passage_id=10**9),)))

    async def noted() -> list[tuple[int, int]]:
        columns = answer_documents.c
        return [
            (row.answer_id, row.document_id)
            for row in await database.rows(select(columns.answer_id, columns.document_id))
        ]

    assert await noted() == [(number, second)]
    async with database.write() as connection:
        await connection.run_sync(migrate, v0031_answer_documents.downgrade)
        await connection.run_sync(migrate, v0031_answer_documents.upgrade)
    assert await noted() == [(number, second)]
    async with database.write() as connection:
        await connection.execute(table.delete().where(table.c.id == number))
    assert await noted() == []
