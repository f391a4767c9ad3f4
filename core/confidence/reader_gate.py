"""A second look: what a reader makes of the passages moves the gate's log-odds.

What a search tells cannot see a near miss, a passage on the very subject without the fact. Bands stay the gate's own.
A gate tuned with this very reader has its log-odds among its features, and its calibration holds for both together.
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
"""What the reader's log-odds are called among a decision's features."""

_MOST = 4.0
"""Log-odds beyond this are taken for this: one stage alone never overrules the other altogether."""

_TELLING = 0.5
"""A reading that moves the log-odds by less is no reason."""


@dataclass(frozen=True, slots=True)
class ReaderWeight:
    """How a reader counts: ``weight`` for each log-odd that it is above ``neutral``."""

    weight: float
    neutral: float

    def moves(self, read: float) -> float:
        """Return what the reading adds to the gate's log-odds."""
        return self.weight * (bounded(read) - self.neutral)


FOREIGN = ReaderWeight(weight=0.5, neutral=0.0)
"""For a reader that nothing was fitted for."""


@dataclass(frozen=True, slots=True)
class ReadingGate:
    """The calibrated gate with a reader behind it. ``decide`` blocks while reading.

    ``fitted``: coefficients with the reader among their features, which count in place of ``leaning``.
    """

    gate: LogisticGate
    reader: Reader
    leaning: ReaderWeight
    fitted: Coefficients | None = None

    def decide(self, found: SearchResult) -> Decision:
        """Return the gate's decision, moved by what the reader says; the gate's own where nothing could be read."""
        first = self.gate.decide(found)
        read = self.reader.read(found) if found.hits else None
        if not found.hits or (read is None and self.fitted is None):
            return first
        value, moved = self._moved(first, read)
        band = self.gate.band(value)
        confidence = Confidence(
            value=value,
            spec=first.confidence.spec,
            reasons=_reasons(first, band == "local", moved),
            features=first.confidence.features if read is None else {**first.confidence.features, READING: read},
        )
        return Decision(band, confidence)

    def _moved(self, first: Decision, read: float | None) -> tuple[float, float]:
        """Return the probability with the reading, and by how much that moved the log-odds."""
        if self.fitted is not None:
            told = {**first.confidence.features, READING: self.leaning.neutral if read is None else bounded(read)}
            return self.fitted.probability(told), self.fitted.contributions(told)[READING]
        moved = self.leaning.moves(read or 0.0)
        return _probability(_log_odds(first.confidence.value) + moved), moved


def bounded(read: float) -> float:
    """Return a reader's log-odds within what they may count."""
    return max(-_MOST, min(_MOST, read))


def with_reader(gate: Gate, reader: Reader | None) -> Gate:
    """Return ``gate`` with ``reader`` behind it, where there is one and the gate's probabilities can be moved."""
    if reader is None or not isinstance(gate, LogisticGate):
        return gate
    if gate.coefficients.reader != reader.id:
        return ReadingGate(gate, reader, leaning_of(reader.id))
    return ReadingGate(_alone(gate), reader, leaning_of(reader.id), gate.coefficients)


def without_reader(gate: Gate) -> Gate:
    """Return ``gate`` as it judges by the search alone."""
    return _alone(gate) if isinstance(gate, LogisticGate) else gate


def _alone(gate: LogisticGate) -> LogisticGate:
    return LogisticGate(without_reading(gate.coefficients))


def with_reading(coefficients: Coefficients, reader_id: str) -> Coefficients:
    """Return coefficients with a reader among their features, counting as much as it does untuned."""
    if coefficients.reader == reader_id:
        return coefficients
    leaning = leaning_of(reader_id)
    weight = Weight(mean=leaning.neutral, scale=1.0, weight=leaning.weight)
    alone = without_reading(coefficients)
    return replace(alone, weights={**alone.weights, READING: weight}, reader=reader_id)


def without_reading(coefficients: Coefficients) -> Coefficients:
    """Return coefficients that go by the search alone."""
    weights = {name: weight for name, weight in coefficients.weights.items() if name != READING}
    return replace(coefficients, weights=weights, reader="")


def leaning_of(reader_id: str) -> ReaderWeight:
    """Return how a reader counts: as fitted for AION's own, cautiously for any other."""
    fitted = json.loads((files("core.confidence") / "reading.json").read_text(encoding="utf-8"))
    return ReaderWeight(fitted["weight"], fitted["neutral"]) if reader_id == fitted["reader"] else FOREIGN


def _reasons(first: Decision, is_local: bool, moved: float) -> tuple[Reason, ...]:
    """Return what speaks for the decision as it is now: the reading, and the gate's reasons if it decided alike."""
    kept = first.confidence.reasons if (first.band == "local") == is_local else ()
    if abs(moved) < _TELLING or (moved > 0) != is_local:
        return kept
    return (Reason("reason.read_high" if is_local else "reason.read_low"), *kept)


def _log_odds(probability: float) -> float:
    bounded = min(1 - 1e-6, max(1e-6, probability))
    return math.log(bounded / (1 - bounded))


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
