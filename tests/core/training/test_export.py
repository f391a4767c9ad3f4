"""Training data from ratings: who allows it, whose votes count, what stays out, and the same bytes every time."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select, update

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.errors import BadInput
from core.privacy.pseudonyms import Pseudonyms
from core.privacy.retention import Retention
from core.services.setting_schema import RETENTION
from core.storage.answers import Answers, NewAnswer
from core.storage.curation.gaps import Gaps, NewGap
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.impressions import Impressions
from core.storage.people import PersonRecords
from core.storage.schema import answers as answers_table
from core.storage.schema import passages as passages_table
from core.storage.schema import ratings as ratings_table
from core.storage.spaces import Spaces
from core.storage.training_ratings import RatedAnswers
from core.training.export import Exporter, Exports
from core.types import Confidence, Decision, Generation, PromptTurn, Sampling, Source, SpaceId, Thumb
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
START = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass
class Community:
    """A database with what people asked and rated, and an exporter over it."""

    database: Database
    folder: Path
    willing: set[SpaceId] = field(default_factory=lambda: {HERE})
    refusing: set[str] = field(default_factory=set)
    clock: datetime = START
    withheld: set[SpaceId] = field(default_factory=set)

    @property
    def exporter(self) -> Exporter:
        spaces = Spaces(self.database)

        async def trains(space: SpaceId) -> bool:
            return space in self.willing

        async def may_train(person: str) -> bool:
            return person not in self.refusing

        return Exporter(
            rated=RatedAnswers(self.database),
            spaces=Impressions(self.database).spaces,
            trains=trains,
            may_train=may_train,
            pseudonyms=Pseudonyms(b"k" * 32),
            notices=Notices(Inbox(self.database), Channels(spaces), spaces, "en"),
            providers={"groq": False, "kind": True},
            exports=Exports(self.folder / "training"),
            withholds_messages=lambda space: space in self.withheld,
        )

    async def answer(
        self,
        question: str,
        reply: str,
        *,
        asker: str = "asker",
        space: SpaceId = HERE,
        generator: str | None = "local",
        passage_id: int = 1,
    ) -> int:
        """Record an answer an hour after the last one."""
        self.clock += timedelta(hours=1)
        turns = (PromptTurn("system", "Be brief."), PromptTurn("user", question))
        written = Generation(reply, generator, "smollm2", turns, Sampling(), (-0.5, -1.5), "v1") if generator else None
        decision = Decision("local", Confidence(0.9, 0.8, (), {}))
        quote = (Source(1, "Rules", "", reply, passage_id),)
        new = NewAnswer(space, asker, "c", question, "en", (), decision, reply, generator or "extract", quote, written)
        number = await Answers(self.database).record(new)
        await self._date(answers_table, answers_table.c.id == number, created_at=self.clock)
        return number

    async def rate(self, number: int, thumb: Thumb, *people: str, after: timedelta = timedelta(0)) -> None:
        for person in people:
            space = HERE if await Answers(self.database).get(HERE, number) else THERE
            await Answers(self.database).rate(space, number, person, thumb)
            at = self.clock + after
            where = (ratings_table.c.answer_id == number) & (ratings_table.c.person == person)
            await self._date(ratings_table, where, created_at=at, updated_at=at)

    async def liked(self, question: str, reply: str, **told: object) -> int:
        number = await self.answer(question, reply, **told)
        await self.rate(number, "up", "asker")
        return number

    async def _date(self, table, where, **values: datetime) -> None:
        async with self.database.write() as connection:
            await connection.execute(update(table).where(where).values(**values))

    def lines(self, name: str) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "out" / name).read_text().splitlines()]

    async def export(self, space: SpaceId | None = None):
        return await self.exporter.export(self.folder / "out", space)


@pytest.fixture
async def community(tmp_path: Path):
    async with await Database.open(tmp_path / "data") as database:
        yield Community(database, tmp_path)


def replies(rows: Sequence[dict]) -> list[str]:
    return [row["messages"][-1]["content"] for row in rows]


async def test_the_three_forms_carry_their_provenance(community: Community) -> None:
    liked = await community.liked("Where is the key?", "Under the pot.")
    disliked = await community.answer("When is tea?", "Never.")
    await community.rate(disliked, "down", "asker")
    await community.export()
    (sft,) = community.lines("sft.jsonl")
    assert [turn["role"] for turn in sft["messages"]] == ["system", "user", "assistant"]
    assert sft["provenance"] == {
        "space": Pseudonyms(b"k" * 32).of(HERE),
        "answers": [liked],
        "generator": "local",
        "model": "smollm2",
        "lora_version": "v1",
        "on_policy": True,
        "confidence": 0.9,
        "at": "2026-10-01T01:00:00+00:00",
    }
    assert [row["label"] for row in community.lines("kto.jsonl")] == [True, False]
    bad = community.lines("reward.jsonl")[1]
    assert (bad["response"], bad["reward"], bad["logprobs"], bad["policy_version"]) == (
        "Never.",
        -1.0,
        [-0.5, -1.5],
        "v1",
    )


async def test_only_spaces_and_people_that_allow_it_are_learned_from(community: Community) -> None:
    await community.liked("Where is the key?", "Under the pot.")
    await community.liked("Their secret?", "Elsewhere.", space=THERE)
    await community.liked("Mine?", "Not to be learned.", asker="shy")
    unsure = await community.answer("Liked by whom?", "By one who does not want to be learned from.")
    await community.rate(unsure, "up", "shy")
    community.refusing = {"shy"}
    assert (await community.export()).n_spaces == 1
    assert replies(community.lines("sft.jsonl")) == ["Under the pot."]
    with pytest.raises(BadInput, match="not_allowed"):
        await community.export(THERE)
    community.willing = set()
    with pytest.raises(BadInput, match="nothing_rated"):
        await community.export()


async def test_the_same_database_gives_the_same_bytes(community: Community) -> None:
    for i in range(20):
        await community.liked(f"Question {i}?", f"Answer {i}.")
    await community.export()
    first = {path.name: path.read_bytes() for path in (community.folder / "out").iterdir()}
    await community.export()
    assert {path.name: path.read_bytes() for path in (community.folder / "out").iterdir()} == first
    held = {row["provenance"]["at"] for row in community.lines("sft.held.jsonl")}
    assert len(held) == 4 and min(held) > max(row["provenance"]["at"] for row in community.lines("sft.jsonl"))


async def test_a_prompt_that_is_trained_on_is_not_held_out(community: Community) -> None:
    for i in range(9):
        await community.liked(f"Question {i}?", f"Answer {i}.")
    await community.liked("Question 0?", "Another answer.")
    await community.export()
    assert "Another answer." in replies(community.lines("sft.jsonl"))


async def test_what_says_the_same_is_one_line_and_one_vote_a_person(community: Community) -> None:
    one = await community.liked("Where?", "Here.")
    other = await community.answer("Where?", "Here.")
    await community.rate(other, "down", "asker", "neighbour")
    await community.export()
    (row,) = community.lines("reward.jsonl")
    assert (row["reward"], row["provenance"]["answers"]) == (-1.0, [one, other])  # the asker's newest, and one more


async def test_personal_data_is_masked_and_its_log_probs_go_with_it(community: Community) -> None:
    await community.liked("My mail is ana@example.org, and yours?", "Write to team@example.org.")
    await community.export()
    text = (community.folder / "out" / "reward.jsonl").read_text()
    assert "@example.org" not in text and "[email]" in text
    assert community.lines("reward.jsonl")[0]["logprobs"] == []


async def test_providers_words_stay_out_unless_their_terms_allow(community: Community) -> None:
    await community.liked("One?", "From one that forbids it.", generator="groq")
    await community.liked("Two?", "From one that allows it.", generator="kind")
    await community.liked("Three?", "A quote.", generator=None)
    await community.export()
    rows = community.lines("sft.jsonl")
    assert replies(rows) == ["From one that allows it.", "A quote."]
    assert [row["provenance"]["on_policy"] for row in rows] == [False, False]
    assert [row["response"] for row in community.lines("reward.jsonl")] == ["From one that allows it."]
    assert "Notes: A quote.\nQuestion: Three?" in rows[1]["messages"][1]["content"]


async def test_contradictory_votes_teach_nothing(community: Community) -> None:
    number = await community.answer("Good?", "Maybe.")
    await community.rate(number, "up", "asker")
    await community.rate(number, "down", "neighbour")
    exported = await community.export()
    assert exported.n_lines["sft.jsonl"] == exported.n_lines["kto.jsonl"] == 0
    assert community.lines("reward.jsonl")[0]["reward"] == 0


async def test_a_brigade_is_left_out_and_moderators_hear_of_it_once(community: Community) -> None:
    await Channels(Spaces(community.database)).gather_moderators(HERE, "mods")
    number = await community.liked("Where is the key?", "Under the pot.")
    newcomers = [f"newcomer {i}" for i in range(8)]
    await community.rate(number, "down", *newcomers, after=timedelta(minutes=20))
    for _ in range(2):
        exported = await community.export()
        assert exported.n_quarantined == 8
    assert replies(community.lines("sft.jsonl")) == ["Under the pot."]
    (notice,) = await Inbox(community.database).unfinished("discord")
    assert notice.message.conversation == "mods"
    assert notice.reply and "8" in notice.reply.text and "👎" in notice.reply.text


async def test_forgetting_rewrites_every_export(community: Community) -> None:
    mine = await community.liked("Mine?", "To be forgotten.", asker="me")
    await community.liked("Theirs?", "To stay.")
    await community.export()
    erase = community.exporter.exports.erase
    assert await erase(frozenset({mine})) == 3  # one line of each form
    texts = "".join(path.read_text() for path in (community.folder / "out").glob("*.jsonl"))
    assert "forgotten" not in texts and "To stay." in texts
    assert await erase(frozenset({mine})) == 0


async def test_what_is_too_old_goes_with_its_ratings_its_lines_and_its_gap(community: Community) -> None:
    gaps, people = Gaps(community.database), PersonRecords(community.database)
    await community.liked("Old?", "Long ago.", asker="ana")
    vector, asked = np.ones(4, np.float32), community.clock
    community.clock += timedelta(days=30)
    await community.liked("New?", "Today.", asker="ana")
    community.clock += timedelta(hours=1)
    await community.export()
    found = [NewGap(q, "en", (), 1, 1, vector, at) for q, at in (("Old?", asked), ("New?", community.clock))]
    await gaps.replace(HERE, found)
    erasers = {"exports": community.exporter.exports.erase}
    kept = Retention(people, erasers, 0, lambda: community.clock)
    assert "is 0" in await kept.prune()
    assert (await people.count("ana")).rows["answers"] == 2
    receipt = await Retention(people, erasers, 30, lambda: community.clock).prune()
    assert receipt.endswith("before 2026-10-01: 1 answers with their ratings, 3 lines of exports")
    assert [row["text"] for row in (await people.export("ana"))["answers"]] == ["Today."]
    assert [gap.question for gap in await gaps.open(HERE, 9)] == ["New?"]
    assert len(await RatedAnswers(community.database).of(HERE)) == 1
    texts = "".join(path.read_text() for path in (community.folder / "out").glob("*.jsonl"))
    assert "Long ago." not in texts and "Today." in texts


async def test_a_space_may_keep_answers_for_fewer_days_than_the_operator(community: Community) -> None:
    people, spaces = PersonRecords(community.database), Spaces(community.database)
    for space, asker in ((HERE, "ana"), (THERE, "bia")):
        await community.answer("Old?", "Long ago.", asker=asker, space=space)
    community.clock += timedelta(days=30)
    await community.answer("New?", "Today.", asker="ana")
    await spaces.set_value(HERE, RETENTION, 7)
    await spaces.set_value(THERE, RETENTION, 365)
    limits = partial(spaces.values, RETENTION)
    receipt = await Retention(people, {}, 60, lambda: community.clock, limits).prune()
    assert receipt.count("1 answers") == 1 and f"erased in {HERE} what was given" in receipt
    assert [row["text"] for row in (await people.export("ana"))["answers"]] == ["Today."]
    assert (await people.count("bia")).rows["answers"] == 1, "one cannot keep them for longer"
    receipt = await Retention(people, {}, 7, lambda: community.clock, limits).prune()
    assert (await people.count("bia")).rows["answers"] == 0
    assert "erased in" not in receipt


async def test_an_export_that_was_deleted_does_not_keep_anybody_from_being_forgotten(community: Community) -> None:
    mine = await community.liked("Mine?", "To be forgotten.")
    await community.export()
    for path in (community.folder / "out").iterdir():
        path.unlink()
    (community.folder / "out").rmdir()
    assert await community.exporter.exports.erase(frozenset({mine})) == 0


async def test_a_folder_that_cannot_be_written_is_one_sentence(community: Community) -> None:
    await community.liked("Where?", "Here.")
    (community.folder / "out").write_text("a file")
    with pytest.raises(BadInput, match="not_written"):
        await community.export()


async def test_the_rows_of_an_answer_are_read_whole(community: Community) -> None:
    number = await community.liked("Where?", "Here.")
    (rated,) = await RatedAnswers(community.database).of(HERE)
    assert rated.answer == await Answers(community.database).get(HERE, number)
    assert [replace(vote, at=START) for vote in rated.votes] == [replace(rated.votes[0], at=START)]
    assert await RatedAnswers(community.database).count_since(None) == 1


# --- Discord's policy ----------------------------------------------------------------------------


async def passages_of(community: Community, name: str, source_hash: str) -> int:
    """Store a document and return the id of its passage."""
    documents = Documents(community.database)
    new = replace(new_document(name, f"The {name} opens at nine. It is red."), source_hash=source_hash)
    await documents.store(HERE, new, embedded("The barn opens at nine."))
    row = await community.database.row(select(func.max(passages_table.c.id)))
    assert row is not None
    return int(row[0])


async def test_where_messages_are_withheld_only_thumbs_and_own_words_of_indexed_documents_are_exported(
    community: Community,
) -> None:
    indexed = await passages_of(community, "kiln.md", "hash")
    said = await passages_of(community, "https://discord.com/channels/1/2/3", "said")
    handoff = await passages_of(community, "Who has the key?", "handoff-3")
    for number, passage_id in enumerate((indexed, said, handoff, 999)):
        for generator in ("local", None):
            question, reply = f"Zara asks {number}?", f"Words {number} {generator}."
            await community.liked(question, reply, generator=generator, passage_id=passage_id)
    assert sum((await community.export()).n_lines.values()) > 0
    assert "Zara" in (community.folder / "out" / "sft.jsonl").read_text()

    community.withheld = {HERE}
    report = await community.export()
    everything = "".join(path.read_text() for path in sorted((community.folder / "out").glob("*.jsonl")))
    assert report.n_withheld == 8
    assert "Zara" not in everything and "Question:" not in everything
    assert set(re.findall(r"Words \d", everything)) == {"Words 0"}
    rows = community.lines("sft.jsonl")
    assert {row["messages"][-1]["content"] for row in rows} == {"Words 0 local.", "Words 0 None."}
    assert {row["messages"][1]["content"] for row in rows} == {"Notes: Words 0 local.", "Notes: Words 0 None."}
    [reward] = community.lines("reward.jsonl")
    assert (reward["reward"], reward["logprobs"], reward["provenance"]["on_policy"]) == (1.0, [], False)


async def test_elsewhere_nothing_is_withheld(community: Community) -> None:
    community.withheld = {THERE}
    await community.liked("Where is the key?", "Under the pot.")
    assert (await community.export()).n_withheld == 0
    assert "Where is the key?" in (community.folder / "out" / "sft.jsonl").read_text()
