"""The whole assessment on a tiny labelled set: real index and gate, every method, one report."""

import json
import math

import numpy as np
import pytest

from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import LabelledDocument, LabelledQuestion, LabelledSet
from core.evaluation.harness import as_json, as_table
from core.experiments.search_eval import assess
from tests.fakes import WordEmbedder

METRICS = {
    "ndcg@10",
    "mrr@10",
    "recall@10",
    "answer_in_context@8",
    "auroc",
    "balanced_accuracy",
    "ece",
    "p50_ms",
    "p95_ms",
}
DATA = LabelledSet(
    "tiny",
    (
        LabelledDocument("hours", "Library", "The library opens at nine and closes at six."),
        LabelledDocument("fees", "Fees", "Members pay twelve euros a month."),
        LabelledDocument("fees-again", "Fees", "Members pay twelve euros a month."),
        LabelledDocument("cat", "Cat", "The cat sleeps all day on the sofa."),
    ),
    (
        LabelledQuestion("q1", "When does the library open?", True, {"hours": 1}, ("at nine",)),
        LabelledQuestion("q2", "How much do members pay a month?", True, {"fees-again": 1}, ("Twelve  Euros",)),
        LabelledQuestion("q3", "What is the boiling point of mercury?", False, {}),
    ),
)


@pytest.fixture
async def measured():
    return {"tiny": await assess(DATA, WordEmbedder())}


async def test_report_has_the_promised_shape(measured):
    report = json.loads(json.dumps(as_json(measured), allow_nan=False))["sets"]["tiny"]
    assert set(report) >= METRICS | {"by_method"}
    assert set(report["by_method"]) == {"bm25", "dense", "rrf", "fused", "spec"}
    assert all(set(each) >= METRICS for each in report["by_method"].values())
    assert report["ndcg@10"] == report["by_method"]["fused"]["ndcg@10"]
    assert set(report["steps_ms"]) >= {"embed", "dense", "lexical", "fuse", "mmr", "load"}


async def test_measures_are_those_of_the_questions(measured):
    fused = measured["tiny"]["fused"].metrics()
    assert fused["ndcg@10"] == fused["recall@10"] == 1.0
    assert fused["answer_in_context@8"] == 1.0
    assert fused["auroc"] == 1.0
    rows = measured["tiny"]["fused"].rows
    assert [math.isnan(row.ndcg) for row in rows] == [False, False, True]
    assert [math.isnan(row.in_context) for row in rows] == [False, False, True]


async def test_specification_s_gate_is_its_own(measured):
    spec = measured["tiny"]["spec"].rows
    assert all(row.accepted == (row.confidence >= 0.62) for row in spec)
    assert [row.confidence for row in spec] != [row.confidence for row in measured["tiny"]["fused"].rows]


async def test_table_has_a_row_for_each_method(measured):
    lines = as_table(measured).splitlines()
    assert len(lines) == 2 + 5 and all(line.count("|") == lines[0].count("|") for line in lines)


class Backwards:
    """Prefers the last text it is shown, as a reranker and as a reader."""

    id = "toy"

    def scores(self, question, texts):
        return [float(len(texts) > 1 and n) for n, _ in enumerate(texts)]

    def evidence(self, question, passages):
        return [5.0 * n for n, _ in enumerate(passages)]

    def lead(self, question, passages):
        return None

    def warm(self):
        """Nothing to load."""


async def test_a_reader_and_a_reranker_have_rows_of_their_own():
    methods = await assess(DATA, WordEmbedder(), reader=Backwards(), reranker=Backwards())
    assert set(methods) == {"bm25", "dense", "rrf", "fused", "spec", "read", "reranked"}
    fused, read, reranked = (methods[name].rows for name in ("fused", "read", "reranked"))
    assert [row.ndcg for row in read[:2]] == [row.ndcg for row in reranked[:2]] != [row.ndcg for row in fused[:2]]
    assert "rerank" in reranked[0].latency_ms and "read" in read[0].latency_ms


async def test_set_with_one_kind_of_question_has_no_measure_of_telling_them_apart():
    one_kind = LabelledSet("one", DATA.documents, DATA.questions[:1])
    metrics = (await assess(one_kind, WordEmbedder()))["fused"].metrics()
    assert metrics["auroc"] is None and metrics["balanced_accuracy"] is None
    assert metrics["ndcg@10"] == 1.0


def test_embeddings_are_cached_by_content(tmp_path):
    inner = WordEmbedder()
    embedder = CachedEmbedder(inner, tmp_path / "cache" / "vectors.sqlite")
    first = embedder.embed_passages(["red cat", "blue dog", "red cat"])
    again = CachedEmbedder(inner, tmp_path / "cache" / "vectors.sqlite")
    assert np.array_equal(again.embed_passages(["blue dog", "red cat"]), first[[1, 0]])
    assert inner.n_embedded == 2
    again.embed_query("red cat")
    assert inner.n_embedded == 3
    assert again.embed_passages([]).shape == (0, inner.dim)
    embedder.close()
    again.close()
