"""Searching spaces: what is found, what never crosses, and that the index always equals the database."""

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.retrieval.search import HybridSearcher
from core.types import GLOBAL, Scope, SpaceId
from tests.core.retrieval.memory_store import MemoryStore
from tests.fakes import WordEmbedder

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(WordEmbedder())


@pytest.fixture
def searcher(store: MemoryStore, tmp_path: Path) -> HybridSearcher:
    return HybridSearcher(store.embedder, store, tmp_path)


async def texts(searcher: HybridSearcher, query: str, space: SpaceId = HERE) -> list[str]:
    return [hit.passage.text for hit in (await searcher.search(Scope(space), query, "en")).hits]


async def test_finds_by_words_and_by_vectors(store, searcher):
    store.add(HERE, "The library opens at nine.", "Refunds take thirty days.", "Cats sleep all day.")
    found = await searcher.search(Scope(HERE), "How many days does a refund take?", "en")
    best = found.hits[0]
    assert best.passage.text == "Refunds take thirty days."
    assert best.lexical > 0 and best.dense == pytest.approx(float(best.vector @ found.query_vector))
    assert found.n_searched == 3 and len(found.hits) == len(found.context) == 3
    assert set(found.latency_ms) == {"embed", "index", "dense", "lexical", "fuse", "load", "mmr"}
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)


async def test_what_says_the_same_is_in_the_context_once(store, searcher):
    store.add(HERE, "Refunds take thirty days.")
    store.add(HERE, "REFUNDS take thirty days!", document="copy")
    store.add(HERE, "Refunds take ninety days.")
    found = await searcher.search(Scope(HERE), "how long do refunds take", "en")
    assert len(found.hits) == 3
    texts = {hit.passage.text.casefold().rstrip(".!") for hit in found.context}
    assert len(found.context) == 2 and texts == {"refunds take thirty days", "refunds take ninety days"}


async def test_says_which_words_it_looked_for_and_where_they_are(store, searcher):
    store.add(HERE, "Refunds take thirty days.", "The library opens at nine.")
    found = await searcher.search(Scope(HERE), "What refund does the zeppelin library give?", "en")
    assert [term.text for term in found.question.terms] == ["refund", "zeppelin", "library"]
    assert {hit.passage.text: hit.matched for hit in found.hits} == {
        "Refunds take thirty days.": (0,),
        "The library opens at nine.": (2,),
    }
    refund, zeppelin, library = (term.idf for term in found.question.terms)
    assert zeppelin > refund == library > 0


@pytest.mark.parametrize("query", ["", "???", "🙂", "the of and", "o que é isso?", "word " * 20_000, "a.b/c:d@e#f"])
async def test_any_query_over_any_number_of_passages(store, searcher, query):
    assert (await searcher.search(Scope(HERE), query, "en")).hits == ()
    store.add(HERE, "Only one.")
    found = await searcher.search(Scope(HERE), query, "pt")
    assert [hit.passage.text for hit in found.hits] == [hit.passage.text for hit in found.context] == ["Only one."]


async def test_nothing_crosses_spaces_and_global_is_read_by_all(store, searcher):
    store.add(HERE, "The secret of here is amber.")
    store.add(THERE, "The secret of there is cobalt.")
    store.add(GLOBAL, "The secret of everyone is green.")
    for space, own in ((HERE, "amber"), (THERE, "cobalt")):
        found = await texts(searcher, "secret", space)
        assert len(found) == 2 and any(own in text for text in found) and any("green" in text for text in found)
    assert await texts(searcher, "secret", GLOBAL) == ["The secret of everyone is green."]
    assert await texts(searcher, "secret", SpaceId("telegram:9")) == ["The secret of everyone is green."]


async def test_what_goes_while_a_question_is_embedded_is_not_found(store, tmp_path):
    class Meanwhile(WordEmbedder):
        def embed_query(self, text):
            searcher._indexes._open[HERE].apply([gone], [], np.empty((0, self.dim), np.float32))
            return super().embed_query(text)

    store.embedder = embedder = Meanwhile()
    searcher = HybridSearcher(embedder, store, tmp_path)
    gone, _ = store.add(HERE, "Refunds take thirty days.", "Refunds take ninety days.")
    assert await texts(searcher, "refunds") == ["Refunds take ninety days."]


async def test_a_passage_that_was_found_lately_is_read_again_after_a_change(store, searcher):
    (id_,) = store.add(HERE, "Refunds take thirty days.")
    assert await texts(searcher, "refunds") == ["Refunds take thirty days."]
    store.rows[id_].passage = replace(store.rows[id_].passage, document="renamed")
    store.add(HERE, "Cats sleep.")
    assert (await searcher.search(Scope(HERE), "refunds", "en")).hits[0].passage.document == "renamed"


async def test_word_rarity_is_that_of_everything_searched(store, searcher):
    """A word that is rare in a tiny space weighs what it weighs in both, so that scores of both compare."""
    store.add(HERE, "Zebra crossing.")
    store.add(GLOBAL, "Zebra crossing.", *(f"Filler number {n}." for n in range(50)))
    hits = (await searcher.search(Scope(HERE), "zebra", "en")).hits[:2]
    assert hits[0].passage.space != hits[1].passage.space
    assert hits[0].lexical == pytest.approx(hits[1].lexical, rel=0.35)


async def test_portuguese_is_found_without_accents_and_in_other_forms(store, searcher):
    store.add(HERE, "As informações sobre reembolsos estão na recepção.", "O gato dorme.", language="pt")
    found = await searcher.search(Scope(HERE), "informacao de reembolso", "pt")
    assert found.hits[0].lexical > 0 and found.hits[0].matched == (0, 1)
    assert found.hits[1].lexical == 0


async def test_a_misspelt_question_is_searched_as_the_passages_spell_it(store, searcher, tmp_path):
    store.add(HERE, "The wireguard kitchen ends at nine.", "Refunds take thirty days.")
    found = await searcher.search(Scope(HERE), "when does the wiregard kitchn end pls", "en")
    assert found.question.text == "when does the wireguard kitchen end please"
    assert found.hits[0].passage.text == "The wireguard kitchen ends at nine." and len(found.hits[0].matched) == 3
    await searcher.close()
    again = HybridSearcher(store.embedder, store, tmp_path)
    assert (await again.search(Scope(HERE), "wiregard", "en")).question.text == "wireguard", (
        "the words come back from the disk"
    )


async def test_another_spaces_words_spell_no_question(store, searcher):
    store.add(HERE, "Refunds take thirty days.")
    store.add(THERE, "The codename is wireguard.")
    assert (await searcher.search(Scope(HERE), "wiregard", "en")).question.text == "wiregard"


async def test_mixed_languages_share_one_index(store, searcher):
    store.add(HERE, "Refunds take thirty days.")
    store.add(HERE, "Os reembolsos levam trinta dias.", language="pt")
    assert (await searcher.search(Scope(HERE), "refunds", "pt")).hits[0].passage.language == "en"
    assert (await searcher.search(Scope(HERE), "reembolsos", "en")).hits[0].passage.language == "pt"


async def test_identifiers_are_found_whole(store, searcher):
    store.add(HERE, "Set AION_DATA_DIR to move it.", "The data dir of aion is large.", "Version v2.1.3 is out.")
    found = await searcher.search(Scope(HERE), "what is AION_DATA_DIR", "en")
    assert found.hits[0].passage.text.startswith("Set AION_DATA_DIR")
    assert (await searcher.search(Scope(HERE), "v2.1.3", "en")).hits[0].passage.text.startswith("Version")


async def test_index_follows_the_database_through_any_changes(store, searcher, tmp_path):
    """Top-up and removal give what building from nothing gives, whatever the order, with restarts in between."""
    draw = random.Random(5)
    alive: list[int] = []
    for step in range(30):
        if alive and (len(alive) > 20 or draw.random() < 0.4):  # no more than are shown: ties are cut anyhow
            gone = draw.sample(alive, k=min(len(alive), draw.randint(1, 3)))
            store.remove(HERE, *gone)
            alive = [id_ for id_ in alive if id_ not in gone]
        else:
            words = ["red", "green", "blue", "cat", "dog", "sun"]
            alive += store.add(HERE, *(" ".join(draw.choices(words, k=4)) for _ in range(draw.randint(1, 4))))
        if draw.random() < 0.5:
            continue
        if draw.random() < 0.3:
            if draw.random() < 0.5:
                await searcher.close()
            searcher = HybridSearcher(store.embedder, store, tmp_path)
        fresh = HybridSearcher(store.embedder, store, tmp_path / f"fresh{step}")
        mine, theirs = (
            await searcher.search(Scope(HERE), "red cat", "en"),
            await fresh.search(Scope(HERE), "red cat", "en"),
        )
        assert {h.passage.id for h in mine.hits} == {h.passage.id for h in theirs.hits} <= set(alive)
        assert {h.passage.id: h.dense for h in mine.hits} == pytest.approx({h.passage.id: h.dense for h in theirs.hits})
        assert mine.n_searched == len(alive)


async def test_unchanged_space_is_not_read_again_after_a_restart(store, searcher, tmp_path):
    store.add(HERE, *(f"Note {n} about things." for n in range(20)))
    await texts(searcher, "note")
    await searcher.close()
    store.n_read = 0
    again = HybridSearcher(store.embedder, store, tmp_path)
    assert len(await texts(again, "note")) == 20
    assert store.n_read == 0
    store.add(HERE, "One more note.")
    assert "One more note." in await texts(again, "note more")
    store.remove(HERE, 3, 4)
    assert len(await texts(again, "note")) == 19
    assert store.n_read == 1


async def test_killed_before_saving_catches_up_from_the_database(store, searcher, tmp_path):
    store.add(HERE, "First note.")
    await texts(searcher, "note")
    await searcher.close()
    ids = store.add(HERE, "Second note.", "Third note.")
    await texts(searcher, "note")
    store.remove(HERE, ids[0])
    again = HybridSearcher(store.embedder, store, tmp_path)
    assert sorted(await texts(again, "note")) == ["First note.", "Third note."]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)


async def saved(store: MemoryStore, searcher: HybridSearcher, folder: Path) -> list[Path]:
    store.add(HERE, *(f"Note {n} about cats and dogs." for n in range(10)))
    await texts(searcher, "note")
    await searcher.close()
    return files(folder)


@pytest.mark.parametrize("damage", ["cut", "emptied", "garbled", "deleted", "flipped"])
async def test_damaged_files_are_built_anew(store, searcher, tmp_path, damage):
    for file in await saved(store, searcher, tmp_path):
        whole = file.read_bytes()
        before = tmp_path.parent / f"before-{damage}"
        shutil.copytree(tmp_path, before)
        match damage:
            case "cut":
                file.write_bytes(whole[: len(whole) // 2])
            case "emptied":
                file.write_bytes(b"")
            case "garbled":
                file.write_bytes(np.random.default_rng(3).bytes(len(whole)))
            case "flipped":
                middle = len(whole) // 2
                file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
            case "deleted":
                file.unlink()
        again = HybridSearcher(store.embedder, store, tmp_path)
        assert len(await texts(again, "note about cats")) == 10, file
        store.add(HERE, "Fresh words.")
        assert (await texts(again, "fresh words"))[0] == "Fresh words.", file
        store.remove(HERE, store.last_id)
        shutil.rmtree(tmp_path)
        shutil.copytree(before, tmp_path)
        shutil.rmtree(before)


async def test_files_deleted_under_a_running_index_are_built_anew(store, searcher, tmp_path):
    await saved(store, searcher, tmp_path)
    again = HybridSearcher(store.embedder, store, tmp_path)
    await texts(again, "note")
    shutil.rmtree(tmp_path)
    store.add(HERE, "Fresh words.")
    assert (await texts(again, "fresh words"))[0] == "Fresh words."
    assert len(await texts(again, "note about cats")) == 11


async def test_another_embedder_gets_its_own_index(store, searcher, tmp_path):
    await saved(store, searcher, tmp_path)
    other = WordEmbedder()
    other.id = "words-other"
    store.embedder = other
    again = HybridSearcher(other, store, tmp_path)
    assert len(await texts(again, "note")) == 10


async def test_database_put_back_from_a_backup_wins(store, searcher):
    first = store.add(HERE, "Old note.")
    before = dict(store.rows), list(store.removals), dict(store.revision_of)
    store.add(HERE, "New note.")
    store.remove(HERE, *first)
    assert await texts(searcher, "note") == ["New note."]
    store.rows, store.removals, store.revision_of = before
    assert await texts(searcher, "note") == ["Old note."]


async def test_least_recently_used_spaces_leave_memory_and_come_back(store, tmp_path):
    searcher = HybridSearcher(store.embedder, store, tmp_path)
    searcher._indexes._max_resident_bytes = 3 * 256 * 2
    spaces = [SpaceId(f"telegram:{n}") for n in range(6)]
    for space in spaces:
        store.add(space, f"Note of {space}.", "Another note.")
    for space in [*spaces, *spaces]:
        assert f"Note of {space}." in await texts(searcher, "note", space)
    assert len(searcher._indexes._open) == 1
    assert store.n_read == 12


async def test_spaces_whose_names_look_alike_keep_apart(store, searcher):
    for name in ("a:b", "a-b", "a/b", "../a", "A:b", "a:b" * 100):
        store.add(SpaceId(name), f"Note of {name}.")
    for name in ("a:b", "a-b", "a/b", "../a", "A:b", "a:b" * 100):
        assert await texts(searcher, "note", SpaceId(name)) == [f"Note of {name}."]
