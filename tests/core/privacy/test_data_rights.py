"""Rights: what is kept of a person is all found, handed over and erased, and nothing of anybody else's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import String, func, select

from core.privacy.data_rights import DataRights, PersonalRights
from core.privacy.pseudonyms import Pseudonyms
from core.storage.answers import Answers, NewAnswer
from core.storage.curation.consents import Consents
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents, NewDocument
from core.storage.embeddings.embedded_chunks import EmbeddedChunks
from core.storage.impressions import Impressions
from core.storage.people import OWNED, SIGNED, PersonRecords
from core.storage.schema import answers, metadata, ratings
from core.storage.spaces import Spaces
from core.storage.turns import ConversationTurn, Session, Turns
from core.types import Chunk, Confidence, Decision, Message, Person, SpaceId
from tests.fakes import WordEmbedder

GUILD, OTHER = SpaceId("discord:1"), SpaceId("discord:2")
ANA, RUI = Person("discord:7", "Ana"), Person("discord:8", "Rui")
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass
class House:
    """One data folder with people in it."""

    database: Database
    rights: DataRights
    dropped: list[SpaceId]
    erased: list[frozenset[int]]

    def of(self, person: Person, key: str = "discord:now") -> PersonalRights:
        return self.rights.of(Message(key, "discord", GUILD, "55", person, "", address={"channel": "55"}))

    def pseudonym(self, person: Person) -> str:
        return self.rights.pseudonyms.of(person.id)

    async def ask(self, person: Person, space: SpaceId = GUILD) -> int:
        new = NewAnswer(
            space,
            self.pseudonym(person),
            "55",
            f"What does {person.name} ask?",
            "en",
            (),
            Decision("local", Confidence(0.9, 0.8)),
            "An answer",
            "local",
        )
        return await Answers(self.database).record(new)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = await Database.open(tmp_path)
    dropped: list[SpaceId] = []
    erased: list[frozenset[int]] = []

    async def drop(space: SpaceId) -> None:
        dropped.append(space)

    async def erase(answer_ids: frozenset[int]) -> int:
        erased.append(answer_ids)
        return 3

    rights = DataRights(
        PersonRecords(database),
        Documents(database),
        Spaces(database),
        Inbox(database),
        Pseudonyms.open(tmp_path),
        drop,
        {"exports": erase},
    )
    yield House(database, rights, dropped, erased)
    await database.close()


def test_every_column_that_names_a_person_is_known_to_the_right_to_be_forgotten() -> None:
    named = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, String) and "pseudonym" in (column.comment or "")
    }
    known = {(table.name, column) for table, column in OWNED.values()} | {
        (table.name, column) for table, column, _ in SIGNED
    }
    assert named <= known | {("teachings", "awaiting")}


async def test_what_is_kept_is_counted_and_handed_over(house: House) -> None:
    answer = await house.ask(ANA)
    await Answers(house.database).rate(GUILD, answer, house.pseudonym(ANA), "up")
    await Impressions(house.database).open_sources(GUILD, answer, house.pseudonym(ANA))
    await Turns(house.database).add(
        Session(GUILD, "55", house.pseudonym(ANA)), ConversationTurn("Hello?", "Hello?", NOW)
    )
    kept = await house.of(ANA).kept()
    assert {kind: n for kind, n in kept.items() if n} == {
        "answers": 1,
        "ratings": 1,
        "opened_sources": 1,
        "turns": 1,
    }
    copy = json.loads(await house.of(ANA).copy())
    assert copy["answers"][0]["question"] == "What does Ana ask?"
    assert copy["turns"][0]["text"] == "Hello?"
    assert not any((await house.of(RUI).kept()).values())


async def test_forgetting_reaches_every_space_and_spares_everybody_else(house: House) -> None:
    mine = [await house.ask(ANA), await house.ask(ANA, OTHER)]
    theirs = await house.ask(RUI)
    await Answers(house.database).rate(GUILD, theirs, house.pseudonym(ANA), "down")
    await Answers(house.database).rate(GUILD, mine[0], house.pseudonym(RUI), "up")
    erased = await house.of(ANA).forget()
    assert erased["answers"] == 2
    assert erased["ratings"] == 1
    assert erased["exports"] == 3
    assert house.erased == [frozenset({*mine, theirs})]
    assert not any((await house.of(ANA).kept()).values())
    rows = await house.database.rows(select(answers.c.id))
    assert [row.id for row in rows] == [theirs]
    assert not await house.database.rows(select(ratings.c.thumb))  # Rui's thumb was on an answer that is gone
    again = await house.of(ANA).forget()
    assert not any(again[kind] for kind in OWNED)


async def test_no_table_holds_the_pseudonym_afterwards(house: House) -> None:
    answer = await house.ask(ANA)
    pseudonym = house.pseudonym(ANA)
    await Answers(house.database).rate(GUILD, answer, pseudonym, "up")
    await Turns(house.database).add(Session(GUILD, "55", pseudonym), ConversationTurn("Hi", "Hi", NOW))
    await house.of(ANA).set_training(allowed=False)
    await house.of(ANA).forget()
    async with house.database.read() as connection:
        for table in metadata.tables.values():
            for column in table.columns:
                if isinstance(column.type, String):
                    holds = select(func.count()).select_from(table).where(column.contains(pseudonym))
                    assert (await connection.execute(holds)).scalar_one() == 0, f"{table.name}.{column.name}"


async def test_a_private_chats_documents_and_index_go_too(house: House) -> None:
    space = SpaceId("discord:dm:7")
    text = "My cat is called Mia."
    embedder = WordEmbedder()
    embedded = EmbeddedChunks([Chunk(text, 0, len(text))], ["en"], embedder.embed_passages([text]), embedder.id)
    await house.rights.documents.store(space, NewDocument("cat.md", "h", "Cat", "markdown", "en", text), embedded)
    assert "cat.md" in (await house.of(ANA).copy()).decode()
    assert (await house.of(ANA).forget())["documents"] == 1
    assert not await house.rights.documents.list(space)
    assert house.dropped == [space]


async def test_what_is_under_way_is_dropped_but_for_the_wish_itself(house: House) -> None:
    for key, person in (("discord:1", ANA), ("discord:now", ANA), ("discord:3", RUI)):
        message = Message(key, "discord", GUILD, "55", person, "…", address={"channel": "55"})
        await house.rights.inbox.accept(message)
    await house.of(ANA).forget()
    left = {unfinished.message.key for unfinished in await house.rights.inbox.unfinished("discord")}
    assert left == {"discord:now", "discord:3"}


async def test_nobody_is_learned_from_unless_both_agree(house: House) -> None:
    assert not await house.of(ANA).space_trains()
    assert await house.of(ANA).may_train()
    await house.of(ANA).set_space_training(allowed=True)
    await house.of(ANA).set_training(allowed=False)
    assert await house.rights.trains(GUILD)
    assert not await house.rights.trains(OTHER)
    assert not await house.of(ANA).may_train()
    assert await house.of(RUI).may_train()


async def test_old_answers_are_pruned_with_what_hangs_on_them(house: House) -> None:
    answer = await house.ask(ANA)
    await Answers(house.database).rate(GUILD, answer, house.pseudonym(RUI), "up")
    people = house.rights.people
    assert await people.prune(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await people.prune(datetime.now(UTC) + timedelta(days=1)) == 1
    assert not (await house.of(RUI).kept())["ratings"]


async def test_words_that_wait_for_the_yes_of_somebody_forgotten_go_with_them(house: House) -> None:
    waiting = Consents(house.database)
    for n, awaiting in enumerate(([ANA, RUI], [RUI])):
        new = NewDocument(f"https://chat.example/{n}", "said", f"Said {n}", "markdown", "en", f"Said {n}")
        await waiting.hold(GUILD, new, [house.pseudonym(person) for person in awaiting], "moderator")
    await house.of(ANA).forget()
    assert await waiting.agreed(GUILD) == ()
    await waiting.decide(GUILD, house.pseudonym(RUI), is_given=True)
    assert [teaching.new.title for teaching in await waiting.agreed(GUILD)] == ["Said 1"]
