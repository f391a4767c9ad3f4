"""Moving a document to another audience: searched there and no more here, refused where that would not hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import BadInput
from core.storage.curation.conflicts import Conflicts, NewConflict
from core.storage.curation.watches import NewWatch, SeenPage, Watches
from core.storage.database import Database
from core.storage.document_versions import DocumentVersions
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Scope, SpaceId
from tests.fakes import WordEmbedder
from tests.stored import embedded, new_document

HERE, FEW = SpaceId("discord:1"), SpaceId("discord:1/channel-7")
E = WordEmbedder.id


async def stored(database: Database, name: str = "keys", text: str = "Keys are at the desk.") -> int:
    await Documents(database).store(HERE, new_document(name, text), embedded(text))
    return max(each.id for each in await Documents(database).list(HERE))


async def test_it_is_found_there_and_no_more_here(database: Database) -> None:
    await stored(database, text="Keys are lost.")
    number = await stored(database)
    documents, passages = Documents(database), Passages(database)
    before = await passages.changes(HERE, 0, E)
    assert await documents.move(HERE, number, FEW)
    assert await documents.list(HERE) == () and [each.id for each in await documents.list(FEW)] == [number]
    left, joined = await passages.changes(HERE, before.revision, E), await passages.changes(FEW, 0, E)
    assert set(left.removed) == set(before.added) == set(joined.added) and not left.added
    assert len(await DocumentVersions(database).of(FEW, number, 9)) == 1
    assert await documents.move(FEW, number, HERE)
    again = await passages.changes(HERE, left.revision, E)
    assert set(again.added) == set(before.added)
    assert not await documents.move(FEW, number, HERE), "it is not there"


async def test_contradictions_end_and_what_lost_is_shown_again(database: Database) -> None:
    old, new = await stored(database, "old", "It costs 20."), await stored(database, "new", "It costs 25.")
    conflicts = Conflicts(database)
    await conflicts.open(HERE, NewConflict(new, "It costs 25.", old, "It costs 20.", holds=True))
    assert await Documents(database).move(HERE, new, FEW)
    assert await conflicts.count(Scope(HERE)) == 0
    (passage,) = [each for each in await Passages(database).passages(HERE, [1, 2]) if each.document_id == old]
    assert passage.text == "It costs 20."


async def test_one_that_is_known_there_or_watched_stays(database: Database) -> None:
    number, documents = await stored(database), Documents(database)
    await documents.store(FEW, new_document("other", "Keys are at the desk."), embedded("Keys are at the desk."))
    with pytest.raises(BadInput, match="known_there"):
        await documents.move(HERE, number, FEW)
    await documents.forget(FEW, "other")
    watches = Watches(database)
    watch = await watches.add(HERE, NewWatch("web", "keys", "en", timedelta(days=1), ""))
    await watches.record_pages(watch, SeenPage("keys"))
    with pytest.raises(BadInput, match="watched"):
        await documents.move(HERE, number, FEW)
