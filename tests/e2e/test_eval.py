"""``aion eval`` on our own labelled notes, with the real embedder."""

from __future__ import annotations

from pathlib import Path

import pytest
from process import ROOT, aion

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]

MEASURES = {
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


@pytest.mark.slow
async def test_every_method_is_measured_as_json(data_dir: Path) -> None:
    done = await aion(data_dir, "eval", str(ROOT / "bench" / "notes_pt"), "--json")
    assert done.status == 0, done.err
    measured = done.json["sets"]["notes_pt"]
    assert measured.keys() >= MEASURES
    assert {"bm25", "dense", "rrf", "fused", "spec"} <= measured["by_method"].keys()
    methods = measured["by_method"]
    assert methods["fused"]["ndcg@10"] >= max(methods["bm25"]["ndcg@10"], methods["dense"]["ndcg@10"]) - 0.02
    assert methods["fused"]["balanced_accuracy"] > methods["spec"]["balanced_accuracy"]


async def test_a_folder_that_is_none_is_named(data_dir: Path) -> None:
    done = await aion(data_dir, "eval", "no-such-folder")
    assert done.status == 1
    assert "no-such-folder" in done.err
