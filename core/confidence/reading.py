"""A second look: what a reader makes of the passages moves the gate's log-odds.

What a search tells cannot see a near miss, a passage on the very subject without the fact. Bands stay the gate's own,
so a gate tuned to a place stays tuned.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib.resources import files

from core.confidence.gate import LogisticGate
from core.ports import Gate, Reader
from core.types import Confidence, Decision, Found, Reason

READING = "reading"
"""What the reader's log-odds are called among a decision's features."""

_MOST = 4.0
"""Log-odds beyond this are taken for this: one stage alone never overrules the other altogether."""

_TELLING = 0.5
"""A reading that moves the log-odds by less is no reason."""


@dataclass(frozen=True, slots=True)
class Leaning:
    """How a reader counts: ``weight`` for each log-odd that it is above ``neutral``."""

    weight: float
    neutral: float

    def moves(self, read: float) -> float:
        """Return what the reading adds to the gate's log-odds."""
        return self.weight * (max(-_MOST, min(_MOST, read)) - self.neutral)


FOREIGN = Leaning(weight=0.5, neutral=0.0)
"""For a reader that nothing was fitted for."""


@dataclass(frozen=True, slots=True)
class ReadingGate:
    """The calibrated gate with a reader behind it. ``decide`` blocks while reading."""

    gate: LogisticGate
    reader: Reader
    leaning: Leaning

    def decide(self, found: Found) -> Decision:
        """Return the gate's decision, moved by what the reader says; the gate's own where nothing could be read."""
        first = self.gate.decide(found)
        read = self.reader.read(found) if found.hits else None
        if read is None:
            return first
        moved = self.leaning.moves(read)
        value = _probability(_log_odds(first.confidence.value) + moved)
        band = self.gate.band(value)
        confidence = Confidence(
            value=value,
            spec=first.confidence.spec,
            reasons=_reasons(first, band == "local", moved),
            features={**first.confidence.features, READING: read},
        )
        return Decision(band, confidence)


def with_reader(gate: Gate, reader: Reader | None) -> Gate:
    """Return ``gate`` with ``reader`` behind it, where there is one and the gate's probabilities can be moved."""
    if reader is None or not isinstance(gate, LogisticGate):
        return gate
    return ReadingGate(gate, reader, leaning_of(reader.id))


def leaning_of(reader_id: str) -> Leaning:
    """Return how a reader counts: as fitted for AION's own, cautiously for any other."""
    fitted = json.loads((files("core.confidence") / "reading.json").read_text(encoding="utf-8"))
    return Leaning(fitted["weight"], fitted["neutral"]) if reader_id == fitted["reader"] else FOREIGN


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
