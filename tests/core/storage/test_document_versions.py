"""Versions of documents: lines that came and went, the newest kept, gone with the document, moved with the space."""

from __future__ import annotations

from core.storage.database import Database
from core.storage.document_versions import N_KEPT, DocumentVersions
from core.storage.documents import Documents, NewDocument
from core.storage.spaces import Spaces
from core.types import SpaceId
from tests.stored import embedded

HERE, ELSEWHERE = SpaceId("telegram:1"), SpaceId("telegram:2")


async def store(database: Database, text: str, name: str = "hours.md") -> int:
    new = NewDocument(name, f"bytes of {text}"[:64], "Hours", "md", "en", text)
    await Documents(database).store(HERE, new, embedded(text))
    return max(each.id for each in await Documents(database).list(HERE))


async def test_a_replaced_text_is_a_version(database: Database) -> None:
    number = await store(database, "Opens at nine.\nCloses at six.\nFree entry.\n")
    versions = DocumentVersions(database)
    assert await versions.of(HERE, number, 9) == ()
    await store(database, "Opens at ten.\nCloses at six.\nClosed on Mondays.\n")
    (version,) = await versions.of(HERE, number, 9)
    assert (version.name, version.n_chars, version.n_added, version.n_removed) == ("hours.md", 48, 2, 2)
    assert await versions.of(ELSEWHERE, number, 9) == ()


async def test_the_newest_are_kept_and_go_with_the_document(database: Database) -> None:
    for n in range(N_KEPT + 5):
        number = await store(database, f"Version {n}.\n" * (n + 1))
    versions = DocumentVersions(database)
    found = await versions.of(HERE, number, 99)
    assert len(found) == N_KEPT and found[0].n_added == N_KEPT + 5 and found[-1].n_added == 6
    await Spaces(database).move(HERE, ELSEWHERE)
    assert len(await versions.of(ELSEWHERE, number, 99)) == N_KEPT
    await Documents(database).forget(ELSEWHERE, f"#{number}")
    assert await versions.of(ELSEWHERE, number, 99) == ()
