"""The gate with a reader behind it, whose log-odds that the passages answer are added to the gate's.

Search features do not tell a passage that answers from one on the same subject that does not; a reader does. The bands
are the gate's own. A gate tuned with this reader has its log-odds among its features instead, calibrated together.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from importlib.resources import files

from core.confidence.calibrate import Coefficients, Weight
from core.confidence.gate import LogisticGate
from core.ports import Gate, Reader
from core.types import Confidence, Decision, Reason, SearchResult

READING = "reading"
"""Name of the reader's log-odds among a decision's features."""

_MAX_LOG_ODDS = 4.0
"""Bound of the reader's log-odds, so that it cannot overrule the gate altogether."""

_MIN_CONTRIBUTION = 0.5
"""Least absolute contribution to the log-odds that is given as a reason."""


@dataclass(frozen=True, slots=True)
class ReaderWeight:
    """A reader's contribution to the gate's log-odds: ``weight`` times its own log-odds less ``neutral``."""

    weight: float
    neutral: float

    def contribution(self, read: float) -> float:
        """Return the addend to the gate's log-odds for a reader's log-odds."""
        return self.weight * (bounded(read) - self.neutral)


UNFITTED = ReaderWeight(weight=0.5, neutral=0.0)
"""For a reader without a fitted weight."""


@dataclass(frozen=True, slots=True)
class ReaderGate:
    """The calibrated gate with a reader behind it. ``decide`` blocks while reading.

    ``fitted``: coefficients with the reader among their features, used in place of ``reader_weight``.
    """

    gate: LogisticGate
    reader: Reader
    reader_weight: ReaderWeight
    fitted: Coefficients | None = None

    def decide(self, found: SearchResult) -> Decision:
        """Return the decision at the joint log-odds; the gate's own where the reader returned nothing."""
        first = self.gate.decide(found)
        read = self.reader.read(found) if found.hits else None
        if not found.hits or (read is None and self.fitted is None):
            return first
        value, contribution = self._joint(first, read)
        band = self.gate.band(value)
        confidence = Confidence(
            value=value,
            spec=first.confidence.spec,
            reasons=_reasons(first, band == "local", contribution),
            features=first.confidence.features if read is None else {**first.confidence.features, READING: read},
        )
        return Decision(band, confidence)

    def _joint(self, first: Decision, read: float | None) -> tuple[float, float]:
        """Return the probability with the reader's log-odds, and their contribution."""
        if self.fitted is not None:
            features = {
                **first.confidence.features,
                READING: self.reader_weight.neutral if read is None else bounded(read),
            }
            return self.fitted.probability(features), self.fitted.contributions(features)[READING]
        contribution = self.reader_weight.contribution(read or 0.0)
        return _probability(_log_odds(first.confidence.value) + contribution), contribution


def bounded(read: float) -> float:
    """Return a reader's log-odds, bounded to ±4."""
    return max(-_MAX_LOG_ODDS, min(_MAX_LOG_ODDS, read))


def with_reader(gate: Gate, reader: Reader | None) -> Gate:
    """Return ``gate`` with ``reader`` behind it, where there is one and the gate is a ``LogisticGate``."""
    if reader is None or not isinstance(gate, LogisticGate):
        return gate
    if gate.coefficients.reader != reader.id:
        return ReaderGate(gate, reader, reader_weight_of(reader.id))
    return ReaderGate(_alone(gate), reader, reader_weight_of(reader.id), gate.coefficients)


def without_reader(gate: Gate) -> Gate:
    """Return ``gate`` without a reader's feature."""
    return _alone(gate) if isinstance(gate, LogisticGate) else gate


def _alone(gate: LogisticGate) -> LogisticGate:
    return LogisticGate(without_reader_feature(gate.coefficients))


def with_reader_feature(coefficients: Coefficients, reader_id: str) -> Coefficients:
    """Return coefficients with the reader's feature, at the weight that it has untuned."""
    if coefficients.reader == reader_id:
        return coefficients
    reader_weight = reader_weight_of(reader_id)
    weight = Weight(mean=reader_weight.neutral, scale=1.0, weight=reader_weight.weight)
    alone = without_reader_feature(coefficients)
    return replace(alone, weights={**alone.weights, READING: weight}, reader=reader_id)


def without_reader_feature(coefficients: Coefficients) -> Coefficients:
    """Return coefficients without a reader's feature."""
    weights = {name: weight for name, weight in coefficients.weights.items() if name != READING}
    return replace(coefficients, weights=weights, reader="")


def reader_weight_of(reader_id: str) -> ReaderWeight:
    """Return the fitted weight of AION's own reader, and ``UNFITTED`` for any other."""
    fitted = json.loads((files("core.confidence") / "reading.json").read_text(encoding="utf-8"))
    return ReaderWeight(fitted["weight"], fitted["neutral"]) if reader_id == fitted["reader"] else UNFITTED


def _reasons(first: Decision, is_local: bool, contribution: float) -> tuple[Reason, ...]:
    """Return the reasons of the joint decision: the reader's, and the gate's own where it decided alike."""
    kept = first.confidence.reasons if (first.band == "local") == is_local else ()
    if abs(contribution) < _MIN_CONTRIBUTION or (contribution > 0) != is_local:
        return kept
    return (Reason("reason.read_high" if is_local else "reason.read_low"), *kept)


def _log_odds(probability: float) -> float:
    bounded = min(1 - 1e-6, max(1e-6, probability))
    return math.log(bounded / (1 - bounded))


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
