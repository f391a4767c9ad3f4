"""Texts found lately: from memory while nothing changed, from the store else, and never more than a number."""

import pytest

from core.retrieval.passage_cache import PassageCache
from core.types import Passage, SpaceId
from tests.core.retrieval.memory_store import MemoryStore
from tests.fakes import WordEmbedder

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")


class Counting(MemoryStore):
    def __init__(self) -> None:
        super().__init__(WordEmbedder())
        self.asked: list[list[int]] = []

    def read(self, space, ids) -> list[Passage]:
        self.asked.append(list(ids))
        return super().read(space, ids)


@pytest.fixture
def store() -> Counting:
    return Counting()


def test_only_what_is_not_in_memory_is_read(store):
    first, second, third = store.add(HERE, "Refunds take days.", "Cats sleep.", "Dogs bark.")
    texts = PassageCache(store)
    assert texts.read(HERE, 1, [first, second])[first].stems == {"note", "refund", "take", "day"}
    assert texts.read(HERE, 1, [second, third])[third].passage.text == "Dogs bark."
    assert set(texts.read(HERE, 1, [third, first])) == {first, third}
    assert store.asked == [[first, second], [third]]


def test_another_revision_or_space_is_read_itself(store):
    (id_,) = store.add(HERE, "Refunds take days.")
    texts = PassageCache(store)
    assert id_ in texts.read(HERE, 1, [id_])
    assert texts.read(THERE, 1, [id_]) == {}
    store.remove(HERE, id_)
    assert texts.read(HERE, 2, [id_]) == {}


def test_those_found_least_recently_are_forgotten(store):
    ids = store.add(HERE, *(f"Note {n}." for n in range(4)))
    texts = PassageCache(store, n_kept=3)
    texts.read(HERE, 1, ids[:3])
    texts.read(HERE, 1, ids[:1])
    texts.read(HERE, 1, ids[3:])
    store.asked.clear()
    assert set(texts.read(HERE, 1, [ids[0], ids[2], ids[3]])) == {ids[0], ids[2], ids[3]}
    assert not store.asked
    texts.read(HERE, 1, [ids[1]])
    assert store.asked == [[ids[1]]]


def test_what_is_dropped_is_forgotten(store):
    (mine,), (theirs,) = store.add(HERE, "Refunds take days."), store.add(THERE, "Cats sleep.")
    texts = PassageCache(store)
    texts.read(HERE, 1, [mine])
    texts.read(THERE, 1, [theirs])
    texts.drop(HERE)
    store.asked.clear()
    texts.read(HERE, 1, [mine])
    texts.read(THERE, 1, [theirs])
    assert store.asked == [[mine]]
