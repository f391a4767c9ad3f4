"""Conflicts as stored: each pair once, what lost is hidden from every reader, and shown again when that is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.storage.curation.conflicts import Conflicts, NewConflict
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Conflict, Scope, SpaceId
from tests.fakes import WordEmbedder
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
E = WordEmbedder.id
OLD, NEW = "The fee is 20 euros.", "The fee is 25 euros."
LEFT = "Keys are at the desk."


@pytest.fixture
async def conflict(database: Database) -> Conflict:
    documents = Documents(database)
    await documents.store(HERE, new_document("old", f"{OLD} {LEFT}\n{OLD}"), embedded(f"{OLD} {LEFT}", OLD))
    dated = replace(new_document("new", NEW), said_at=datetime(2026, 3, 1, tzinfo=UTC))
    await documents.store(HERE, dated, embedded(NEW))
    opened = await Conflicts(database).open(HERE, NewConflict(2, NEW, 1, OLD))
    assert opened is not None
    return opened


async def shown(database: Database) -> list[str]:
    return [" ".join(passage.text.split()) for passage in await Passages(database).passages(HERE, [1, 2, 3])]


async def test_a_pair_is_opened_once_whichever_is_first(database: Database, conflict: Conflict) -> None:
    conflicts = Conflicts(database)
    assert (conflict.status, conflict.first.quote, conflict.second.quote) == ("open", NEW, OLD)
    assert conflict.first.said_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert conflict.second.said_at > datetime(2026, 3, 2, tzinfo=UTC), (
        "when it was learned, where nothing else is known"
    )
    assert await conflicts.open(HERE, NewConflict(1, OLD, 2, NEW)) is None
    await conflicts.decide(HERE, conflict.id, "unrelated", "ana")
    assert await conflicts.open(HERE, NewConflict(1, OLD, 2, NEW)) is None


async def test_what_lost_is_hidden_and_shown_again(database: Database, conflict: Conflict) -> None:
    conflicts, passages = Conflicts(database), Passages(database)
    before = await passages.changes(HERE, 0, E)
    assert await conflicts.decide(HERE, conflict.id, "first", "ana")
    assert not await conflicts.decide(HERE, conflict.id, "first", "eva"), "it has that status"
    assert (await shown(database))[0] == LEFT, "the rest of its passage still answers"
    changes = await passages.changes(HERE, before.revision, E)
    assert changes.added == (1,) and set(changes.removed) == {1, 2}, "a passage with nothing left is not searched"
    assert await passages.count(HERE, E) == 2 == len((await passages.changes(HERE, 0, E)).added)
    assert await conflicts.decide(HERE, conflict.id, "open", "ana")
    assert await shown(database) == [f"{OLD} {LEFT}", OLD, NEW]
    assert (await passages.changes(HERE, changes.revision, E)).added == (1, 2)


async def test_a_decision_outlasts_a_new_version_of_the_page(database: Database, conflict: Conflict) -> None:
    await Conflicts(database).decide(HERE, conflict.id, "first", "ana")
    again = f"{LEFT} {OLD} More."
    await Documents(database).store(HERE, new_document("old", again), embedded(again))
    [passage] = await Passages(database).passages(HERE, [4])
    assert " ".join(passage.text.split()) == f"{LEFT} More."


async def test_a_later_version_of_a_page_holds_unless_undone(database: Database, conflict: Conflict) -> None:
    conflicts = Conflicts(database)
    other = await conflicts.open(HERE, NewConflict(2, NEW, 1, LEFT, holds=True))
    assert other is not None and (other.status, other.is_automatic) == ("first", True)
    assert (await shown(database))[0] == OLD
    await conflicts.decide(HERE, other.id, "open", "ana")
    assert (await shown(database))[0] == f"{OLD} {LEFT}"


async def test_a_conflict_belongs_to_its_space_and_goes_with_its_documents(
    database: Database, conflict: Conflict
) -> None:
    conflicts = Conflicts(database)
    assert await conflicts.get(Scope(THERE), conflict.id) is None
    assert not await conflicts.decide(THERE, conflict.id, "first", "eva")
    assert await conflicts.count(Scope(THERE)) == 0 and await conflicts.count(Scope(HERE)) == 1
    await Documents(database).forget(HERE, "new")
    assert await conflicts.list(Scope(HERE), 0, 10) == () and await conflicts.count(Scope(HERE)) == 0


async def test_each_passage_is_compared_once(database: Database, conflict: Conflict) -> None:
    conflicts = Conflicts(database)
    assert await conflicts.unsearched(2) == {HERE: [1, 2]}
    await conflicts.mark_searched(HERE, 2)
    assert await conflicts.unsearched(2) == {HERE: [3]}
    await conflicts.mark_searched(HERE, 3)
    assert await conflicts.unsearched(2) == {}
