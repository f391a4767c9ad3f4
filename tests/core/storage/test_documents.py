"""Documents: stored once, replaced whole, forgotten whole, and never seen from another space."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.storage.database import FILE, Database
from core.storage.documents import Documents, StoredSource
from core.storage.passages import Passages
from core.types import Document, IndexedDocument, SpaceId
from tests.fakes import WordEmbedder
from tests.postgres import ON_POSTGRES
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")


@pytest.fixture
def documents(database: Database) -> Documents:
    return Documents(database)


@pytest.fixture
def passages(database: Database) -> Passages:
    return Passages(database)


async def store(documents: Documents, name: str, text: str, space: SpaceId = HERE, title: str = "") -> IndexedDocument:
    return await documents.store(space, new_document(name, text, title=title), embedded(*text.split(". ")))


async def texts(passages: Passages, space: SpaceId) -> list[str]:
    changes = await passages.changes(space, 0, WordEmbedder.id)
    return [passage.text for passage in await passages.passages(space, changes.added)]


async def test_a_new_name_is_added_with_its_passages(documents: Documents, passages: Passages) -> None:
    done = await store(documents, "rules.md", "Be kind. Be brief.", title="Rules")
    assert done == IndexedDocument("rules.md", "added", 2)
    (document,) = await documents.list(HERE)
    assert (document.title, document.names, document.n_passages, document.n_chars) == ("Rules", ("rules.md",), 2, 18)
    assert await documents.text(HERE, document.id) == "Be kind. Be brief."
    changes = await passages.changes(HERE, 0, WordEmbedder.id)
    first, second = await passages.passages(HERE, changes.added)
    assert (first.text, second.text) == ("Be kind", "Be brief.")
    assert (first.document_id, first.document, first.space, first.start, first.end) == (
        document.id,
        "Rules",
        HERE,
        0,
        7,
    )


async def test_the_same_again_changes_nothing(documents: Documents, passages: Passages) -> None:
    await store(documents, "a", "One. Two.")
    revision = await passages.revision(HERE)
    assert await store(documents, "a", "One. Two.") == IndexedDocument("a", "unchanged", 2)
    assert await passages.revision(HERE) == revision


async def test_a_changed_text_replaces_its_passages_and_keeps_its_number(
    documents: Documents, passages: Passages
) -> None:
    await store(documents, "a", "One. Two.")
    (before,) = await documents.list(HERE)
    assert (await store(documents, "a", "Three.")).outcome == "replaced"
    (after,) = await documents.list(HERE)
    assert after.id == before.id
    assert after.updated_at >= before.updated_at
    assert await texts(passages, HERE) == ["Three."]


async def test_one_text_under_two_names_is_stored_once(documents: Documents, passages: Passages) -> None:
    await store(documents, "a", "One. Two.")
    assert await store(documents, "b", "One. Two.") == IndexedDocument("b", "duplicate", 2, duplicate_of="a")
    (document,) = await documents.list(HERE)
    assert document.names == ("a", "b")
    assert await texts(passages, HERE) == ["One", "Two."]


async def test_changing_one_of_two_names_leaves_the_other(documents: Documents, passages: Passages) -> None:
    await store(documents, "a", "One.")
    await store(documents, "b", "One.")
    assert (await store(documents, "a", "Two.")).outcome == "replaced"
    assert {document.names: document.n_chars for document in await documents.list(HERE)} == {("a",): 4, ("b",): 4}
    assert sorted(await texts(passages, HERE)) == ["One.", "Two."]


async def test_a_name_that_comes_to_mean_anothers_text_leaves_nothing_behind(
    documents: Documents, passages: Passages
) -> None:
    await store(documents, "a", "One.")
    await store(documents, "b", "Two.")
    assert await store(documents, "b", "One.") == IndexedDocument("b", "duplicate", 1, duplicate_of="a")
    assert await texts(passages, HERE) == ["One."]


async def test_link_names_a_text_the_space_holds_and_nothing_else(documents: Documents) -> None:
    await store(documents, "a", "One.")
    assert await documents.link(THERE, new_document("b", "One.")) is None
    assert await documents.link(HERE, new_document("b", "Two.")) is None
    assert await documents.link(HERE, new_document("b", "One.")) == IndexedDocument(
        "b", "duplicate", 1, duplicate_of="a"
    )


async def test_what_names_hold(documents: Documents) -> None:
    await documents.store(HERE, new_document("a", "One. Two.", source_hash="h1"), embedded("One", "Two."))
    await documents.link(HERE, new_document("b", "One. Two.", source_hash="h2"))
    assert await documents.sources(HERE) == {"a": StoredSource("h1", 2), "b": StoredSource("h2", 2)}
    assert await documents.content_hashes(HERE) == {new_document("", "One. Two.").content_hash}


@pytest.mark.parametrize("reference", ["notes/rules.md", "#1", "house RULES", " #1 ", "rules.md"])
async def test_a_document_is_forgotten_by_name_number_or_title(
    documents: Documents, passages: Passages, reference: str
) -> None:
    await store(documents, "notes/rules.md", "One.", title="House rules")
    await store(documents, "copy.md", "One.")
    await store(documents, "other.md", "Two.")
    assert (await documents.forget(HERE, reference)).names == ("copy.md", "notes/rules.md")
    assert [document.title for document in await documents.list(HERE)] == ["other.md"]
    assert await texts(passages, HERE) == ["Two."]


async def test_forgetting_what_is_not_there_or_not_clear_is_refused(documents: Documents) -> None:
    await store(documents, "a", "One.", title="Notes")
    await store(documents, "b", "Two.", title="notes")
    with pytest.raises(BadInput, match="no_document"):
        await documents.forget(HERE, "c")
    with pytest.raises(BadInput, match=r"several_documents.*#1, #2"):
        await documents.forget(HERE, "NOTES")
    with pytest.raises(BadInput, match="no_document"):
        await documents.forget(HERE, "")
    assert len(await documents.list(HERE)) == 2


async def test_a_number_is_never_given_twice(documents: Documents) -> None:
    await store(documents, "a", "One.")
    await documents.forget(HERE, "a")
    await store(documents, "a", "One.")
    assert [document.id for document in await documents.list(HERE)] == [2]


async def test_a_document_that_cannot_be_stored_whole_is_not_stored(documents: Documents, passages: Passages) -> None:
    await store(documents, "a", "One.")
    broken = embedded("Two", "Three")
    broken.vectors.resize((1, broken.vectors.shape[1]), refcheck=False)
    with pytest.raises(ValueError, match="shorter"):
        await documents.store_all(
            HERE, [(new_document("b", "Four."), embedded("Four.")), (new_document("a", "Two. Three"), broken)]
        )
    assert await texts(passages, HERE) == ["One."]
    assert await passages.revision(HERE) == 1


# --- against a plain model -----------------------------------------------------------------------

NAMES, TEXTS, SPACES = ("a", "b", "c"), ("One.", "Two. Three.", "Four."), (HERE, THERE)
TOGETHER = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TEXTS)), min_size=1, max_size=4)
STEPS = st.lists(st.tuples(st.sampled_from(SPACES), TOGETHER | st.sampled_from(NAMES)), max_size=20)
"""Each step stores some texts in a space together, or forgets what a name means there."""

Steps = Sequence[tuple[SpaceId, list[tuple[str, str]] | str]]


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")

    async def make() -> None:
        await (await Database.open(folder)).close()

    asyncio.run(make())
    return folder


@settings(
    max_examples=5 if ON_POSTGRES else 30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_history_ends_as_a_plain_dictionary_would(steps: Steps, empty_folder: Path, tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    shutil.copy(empty_folder / FILE, folder / FILE)
    asyncio.run(check_history(steps, folder))


async def check_history(steps: Steps, folder: Path) -> None:
    model: dict[SpaceId, dict[str, str]] = {space: {} for space in SPACES}
    followers: dict[SpaceId, tuple[int, set[int]]] = {space: (0, set()) for space in SPACES}
    async with await Database.open(folder) as database:
        documents, passages = Documents(database), Passages(database)
        for space, step in steps:
            if not isinstance(step, str):
                texts = [(new_document(name, text), embedded(*text.split(". "))) for name, text in step]
                done = await documents.store_all(space, texts)
                assert [indexed.name for indexed in done] == [name for name, _ in step]
                model[space] |= dict(step)
            elif step in model[space]:
                assert step in (await documents.forget(space, step)).names
                model[space] = {name: text for name, text in model[space].items() if text != model[space][step]}
            followers[space] = await follow(passages, space, *followers[space])
        for space in SPACES:
            held = await documents.list(space)
            assert await named_texts(documents, space, held) == by_text(model[space])
            everything = await passages.changes(space, 0, WordEmbedder.id)
            stored = [passage.text for passage in await passages.passages(space, everything.added)]
            assert sorted(stored) == sorted(piece for text in set(model[space].values()) for piece in text.split(". "))
            assert followers[space][1] == set(everything.added)


async def follow(passages: Passages, space: SpaceId, revision: int, ids: set[int]) -> tuple[int, set[int]]:
    changes = await passages.changes(space, revision, WordEmbedder.id)
    now = ids - set(changes.removed) | set(changes.added)
    assert len(now) == await passages.count(space, WordEmbedder.id)
    return changes.revision, now


async def named_texts(documents: Documents, space: SpaceId, held: Sequence[Document]) -> dict[str | None, list[str]]:
    return {await documents.text(space, document.id): list(document.names) for document in held}


def by_text(names: dict[str, str]) -> dict[str, list[str]]:
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        grouped[names[name]].append(name)
    return dict(grouped)
