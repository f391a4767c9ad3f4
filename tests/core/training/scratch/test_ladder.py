from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.training.scaling import Law, ScalingRun
from core.training.scratch import ladder
from core.training.scratch.corpus import TokenCorpus
from core.training.scratch.ladder import Rung, climb, rungs, study

LAW = Law(1.8, 30.0, 60.0, 0.35, 0.32)
RUNS = [ScalingRun(n, d, LAW.loss(n, d)) for n in (1e4, 3e4, 1e5, 3e5) for d in (5e4, 1e5, 2e5, 4e5)]


def test_a_ladder_has_every_width_on_every_amount_the_largest_last() -> None:
    found = rungs([64, 32], [2_000, 1_000])
    assert set(found) == {Rung(w, d) for w in (32, 64) for d in (1_000, 2_000)}
    assert found[0] == Rung(32, 1_000) and found[-1] == Rung(64, 2_000)


def test_a_wider_rung_has_more_weights_and_shorter_steps() -> None:
    narrow, wide = Rung(32, 1_000).size, Rung(128, 1_000).size
    assert (narrow.width, wide.width) == (32, 128) and narrow.rate == pytest.approx(2 * wide.rate)
    assert Rung(32, 1_025).n_steps == 3


def test_the_largest_is_predicted_by_the_law_of_the_others() -> None:
    found = study(RUNS, 1e12)
    assert found.held_out == ScalingRun(3e5, 4e5, LAW.loss(3e5, 4e5)) and len(found.runs) == 15
    assert abs(found.error) < 0.002
    low, high = found.interval(lambda law: law.alpha)
    assert low - 0.02 <= 0.35 <= high + 0.02  # the grid of exponents is in steps of 0.04
    assert 6 * found.best.n_params * found.best.n_tokens == pytest.approx(1e12)
    spoiled = replace(found.held_out, loss=found.held_out.loss * 1.1)
    assert study([*found.runs, spoiled], 1e12).error == pytest.approx(found.predicted / spoiled.loss - 1)


def test_a_rung_is_trained_on_its_tokens(corpus: TokenCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "LADDER", replace(ladder.LADDER, context=16, rows=4))
    run = climb(Rung(32, 600), corpus, 0, tmp_path)
    assert run.n_tokens == 640
    assert run.n_params > 0 and 0 < run.loss < 6
    assert run == climb(Rung(32, 600), corpus, 0, tmp_path)
