"""The map of a question's vector: what it computes, what is shipped, and that only the ranking knows of it."""

import io
import json
from importlib.resources import files
from math import erf, sqrt

import numpy as np
import pytest

from core.models.catalog import DEFAULT_EMBEDDER
from core.retrieval.question_map import QuestionMap, question_map_for, read_question_map, write_question_map
from core.retrieval.search import HybridSearcher
from core.types import Scope, SpaceId
from tests.core.retrieval.memory_store import MemoryStore
from tests.fakes import WordEmbedder

HERE = SpaceId("discord:1")


def made(dim=6, n=4):
    draw = np.random.default_rng(0)
    return QuestionMap(*(draw.normal(size=shape).astype(np.float32) for shape in ((dim, n), n, (n, dim))))


def unit(*values):
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def test_it_adds_one_layer_and_normalises():
    fitted, question = made(), unit(1, 2, 3, 4, 5, 6)
    inside = [float(each) for each in question @ fitted.inner + fitted.bias]
    active = np.array([each * (1 + erf(each / sqrt(2))) / 2 for each in inside])
    expected = question + active @ fitted.outer
    moved = fitted(question)
    assert moved.dtype == np.float32 and np.linalg.norm(moved) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(moved, expected / np.linalg.norm(expected), atol=2e-3)


def test_a_written_map_is_read_back():
    file = io.BytesIO()
    write_question_map(made(), file)
    file.seek(0)
    question = unit(3, 1, 4, 1, 5, 9)
    np.testing.assert_allclose(read_question_map(file)(question), made()(question), atol=5e-3)


def test_the_shipped_map_is_of_the_default_embedder_alone_small_and_names_its_sources():
    shipped = question_map_for(f"{DEFAULT_EMBEDDER}@1.0")
    assert shipped is not None and shipped.inner.shape[0] == shipped.outer.shape[1] == 384
    assert question_map_for("st:some-other-model") is None
    assert (files("core.retrieval") / "question_map.npz").stat().st_size < 1 << 20  # type: ignore[attr-defined]
    told = json.loads((files("core.retrieval") / "question_map.json").read_text(encoding="utf-8"))
    assert told["sets"] and "CC BY-SA" in told["sources"]


def test_it_moves_a_question_but_not_out_of_its_place():
    shipped = question_map_for(DEFAULT_EMBEDDER)
    assert shipped is not None
    draw = np.random.default_rng(1)
    nearness = [float(shipped(each) @ each) for each in map(lambda row: unit(*row), draw.normal(size=(50, 384)))]
    assert min(nearness) > 0 and max(nearness) < 1


async def test_passages_are_ranked_for_the_moved_question_and_cosines_told_of_the_own_one(tmp_path):
    store = MemoryStore(WordEmbedder())
    store.add(HERE, "Cats sleep all day.", "The library opens at nine.", "Refunds take thirty days.")
    asked = "zeppelin"
    wanted = store.embedder.embed_passages(["The library opens at nine."])[0]
    towards = QuestionMap(
        np.zeros((store.embedder.dim, 1), np.float32), np.full(1, 8.0, np.float32), wanted[None].astype(np.float32)
    )
    plain = await HybridSearcher(store.embedder, store, tmp_path / "plain", map_of=lambda _: None).search(
        Scope(HERE), asked, "en"
    )
    moved = await HybridSearcher(store.embedder, store, tmp_path / "moved", map_of=lambda _: towards).search(
        Scope(HERE), asked, "en"
    )
    assert moved.hits[0].passage.text == "The library opens at nine."
    np.testing.assert_array_equal(moved.query_vector, plain.query_vector)
    told = {hit.passage.text: hit.dense for hit in plain.hits}
    assert {hit.passage.text: hit.dense for hit in moved.hits} == pytest.approx(told)
