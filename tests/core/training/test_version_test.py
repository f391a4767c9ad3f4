"""The verdict on a version: noise is no reason, a loss is, and the page says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.experiments.lora_comparison import canaries
from core.training.version_test import Measure, compare, dislike_p_value, is_promotable, write_report


def measure(gain: float, n: int = 40, is_aim: bool = True, tolerance: float = 0.0) -> Measure:
    noise = np.random.default_rng(1).normal(0, 0.05, n)
    return Measure("m", [0.5] * n, list(0.5 + gain + noise), is_aim, tolerance)


def test_a_gain_beyond_noise_is_better_and_a_loss_worse() -> None:
    assert compare(measure(0.1)).verdict == "better"
    assert compare(measure(-0.1)).verdict == "worse"
    assert compare(measure(0.0)).verdict == "same"
    assert compare(measure(-0.1, tolerance=0.2)).verdict == "same"


def test_the_interval_is_a_plain_bootstraps() -> None:
    one = measure(0.1)
    gains = np.asarray(one.after) - np.asarray(one.before)
    random = np.random.default_rng(7)
    means = sorted(np.mean([gains[random.integers(len(gains))] for _ in gains]) for _ in range(1500))
    compared = compare(one)
    assert compared.low == pytest.approx(means[int(0.025 * 1500)], abs=0.004)
    assert compared.high == pytest.approx(means[int(0.975 * 1500)], abs=0.004)
    assert compared.gain == pytest.approx(gains.mean())


def test_promoted_is_what_is_better_on_an_aim_and_worse_on_nothing() -> None:
    better, same, worse = (compare(measure(gain)) for gain in (0.1, 0.0, -0.1))
    faster = compare(measure(0.1, is_aim=False))
    assert is_promotable([better, same])
    assert not is_promotable([same])
    assert not is_promotable([better, worse])
    assert not is_promotable([faster, same])


def test_more_dislikes_than_chance_would_give() -> None:
    assert dislike_p_value((5, 25), (80, 20)) < 0.001
    assert dislike_p_value((8, 2), (80, 20)) > 0.5
    assert dislike_p_value((0, 0), (0, 0)) == 1.0


def test_the_page_tells_every_measure(tmp_path: Path) -> None:
    page = write_report([compare(measure(0.1)), compare(measure(-0.1, is_aim=False))], "v2", "v1", tmp_path)
    text = page.read_text()
    assert "# v2 instead of v1: stays out" in text and "| better |" in text and "| worse |" in text
    assert (tmp_path / "gains.png").read_bytes().startswith(b"\x89PNG")


def test_canaries_have_one_right_reply_first() -> None:
    assert len(canaries()) >= 16
    assert all(len(set(replies)) == 3 for _, replies in canaries())
