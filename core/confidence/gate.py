"""The gate: decides from a search result whether the local model, a provider or nobody answers, with reasons.

``LogisticGate`` thresholds a calibrated probability; ``SpecGate`` is the specification's (section 3.5), kept as the
baseline: it abstains only when nothing was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.confidence.calibrate import Coefficients
from core.confidence.features import EVERYDAY, READ, coverage, crosses_languages, features, spec_confidence
from core.ports import Gate
from core.types import Band, Confidence, Decision, Reason, SearchResult

TAU = 0.62
"""The specification's threshold."""

NOTHING_FOUND = Reason("reason.nothing_found")

_N_REASONS = 3
_MIN_CONTRIBUTION = 0.15
"""Least absolute contribution to the log-odds, of a group of features, that is given as a reason."""


@dataclass(frozen=True, slots=True)
class SpecGate:
    """The specification's gate: local where C is at least ``tau``, else a provider."""

    tau: float = TAU

    def decide(self, found: SearchResult) -> Decision:
        """Return the band of the specification's C."""
        spec = spec_confidence(found)
        if not found.hits:
            return Decision("abstain", Confidence(0.0, spec, (NOTHING_FOUND,)))
        return Decision("local" if spec >= self.tau else "provider", Confidence(spec, spec))


@dataclass(frozen=True, slots=True)
class LogisticGate:
    """The calibrated gate with its three bands; ``reading`` are its coefficients where the hits were read."""

    coefficients: Coefficients
    reading: Coefficients | None = None

    def decide(self, found: SearchResult) -> Decision:
        """Return the band of the probability that what was found holds the answer."""
        spec = spec_confidence(found)
        if not found.hits:
            return Decision("abstain", Confidence(0.0, spec, (NOTHING_FOUND,)))
        values = features(found)
        fitted = self.reading if self.reading is not None and found.is_read else self.coefficients
        value = fitted.probability(values)
        band = _band(found, value, fitted)
        reasons = _reasons(found, fitted.contributions(values), for_it=band == "local")
        return Decision(band, Confidence(value, spec, reasons, values))


def _band(found: SearchResult, value: float, fitted: Coefficients) -> Band:
    """Return the band of a probability; nothing is sure about a thing that no passage mentions."""
    if value >= fitted.upper and not found.question.unmentioned:
        return "local"
    return "provider" if value >= fitted.lower else "abstain"


def open_gate(confidence: str, tau: float, coefficients: Coefficients, reading: Coefficients | None = None) -> Gate:
    """Return the gate that the settings ask for: ``spec`` with its threshold ``tau``, else the calibrated one."""
    return SpecGate(tau) if confidence == "spec" else LogisticGate(coefficients, reading)


_GROUPS: Mapping[str, tuple[str, ...]] = {
    "words": ("stems_held", "prefixes_held", "names_held"),
    "meaning": ("top_cosine", *EVERYDAY),
    "agreement": ("agreement",),
    "read": READ,
}


def _reasons(found: SearchResult, contributions: Mapping[str, float], for_it: bool) -> tuple[Reason, ...]:
    """Return what is asked about and not mentioned, and the groups of features that contributed most, largest first."""
    sums = {group: sum(contributions.get(name, 0.0) for name in names) for group, names in _GROUPS.items()}
    said = [(abs(total), _reason(group, found, total > 0)) for group, total in sums.items() if (total > 0) == for_it]
    telling = sorted((pair for pair in said if pair[0] >= _MIN_CONTRIBUTION and pair[1]), key=lambda pair: -pair[0])
    missing = found.question.unmentioned
    first = [Reason("reason.term_missing", {"term": missing})] if missing else []
    return tuple([*first, *(reason for _, reason in telling if reason)])[:_N_REASONS]


def _reason(group: str, found: SearchResult, speaks_for: bool) -> Reason | None:
    if group == "words":
        return _about_words(found, speaks_for)
    return Reason(f"reason.{group}_{'high' if speaks_for else 'low'}")


def _about_words(found: SearchResult, speaks_for: bool) -> Reason | None:
    if crosses_languages(found) or not found.question.terms:
        return None
    missing = list(_missing(found))
    if not speaks_for and missing:
        return Reason("reason.term_missing", {"term": missing[0]})
    held = coverage(found, found.hits[0])
    return Reason("reason.words_all") if held > 0.999 else Reason("reason.words_some", {"share": f"{held:.0%}"})


def _missing(found: SearchResult) -> Iterator[str]:
    """Yield the question's content words that no passage of the context holds, rarest first."""
    held = {place for hit in found.context for place in hit.matched}
    absent = [term for place, term in enumerate(found.question.terms) if place not in held]
    yield from (term.text for term in sorted(absent, key=lambda term: -term.idf))
