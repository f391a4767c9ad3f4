"""Evaluation harness: asks the questions of a labelled set; measures ranking, context, confidence and latency.

Ranking is measured on documents, each at the rank of its best passage; the gate on all questions, answerable or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation.dataset import LabelledQuestion, LabelledSet
from core.evaluation.ranking import distinct, ndcg, recall, reciprocal_rank
from core.evaluation.selective import (
    RiskCoverage,
    auroc,
    balanced_accuracy,
    expected_calibration_error,
    risk_coverage,
)
from core.language import detect_language
from core.ports import Gate, Searcher
from core.types import Hit, Scope, SearchResult, SpaceId

N_CONTEXT = 8


Ranking = Callable[[SearchResult], Sequence[Hit]]
"""Returns the ranking of a search result that is measured."""


def by_score(found: SearchResult) -> Sequence[Hit]:
    """Return the hits by fused score."""
    return found.hits


def by_choice(found: SearchResult) -> Sequence[Hit]:
    """Return the context in the order MMR picked it, then the hits."""
    return (*found.context, *found.hits)


@dataclass(frozen=True, slots=True)
class SearchMethod:
    """A searcher, a gate, and the ranking that is measured."""

    searcher: Searcher
    gate: Gate
    ranking: Ranking = by_score


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """The measures of one question. The ranking measures are ``nan`` for a question without relevant documents.

    ``in_context`` is ``nan`` for one without answers.
    """

    answerable: bool
    ndcg: float
    reciprocal_rank: float
    recall: float
    in_context: float
    confidence: float
    accepted: bool
    latency_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One method on one set: a row for each question, and the measures over them."""

    rows: Sequence[QuestionResult]

    def metrics(self) -> Mapping[str, float | None]:
        """Return every measure by its name in reports; ``None`` where no question of the set has it."""
        scores, labels = self.confidences()
        total_ms = [sum(row.latency_ms.values()) for row in self.rows]
        measured = {
            "ndcg@10": _mean(row.ndcg for row in self.rows),
            "mrr@10": _mean(row.reciprocal_rank for row in self.rows),
            "recall@10": _mean(row.recall for row in self.rows),
            "answer_in_context@8": _mean(row.in_context for row in self.rows),
            "auroc": auroc(scores, labels),
            "balanced_accuracy": balanced_accuracy(np.array([row.accepted for row in self.rows], bool), labels),
            "aurc": self.risk_coverage().area,
            "ece": expected_calibration_error(scores, labels),
            "p50_ms": _percentile(total_ms, 50),
            "p95_ms": _percentile(total_ms, 95),
        }
        return {name: None if math.isnan(value) else float(value) for name, value in measured.items()}

    def steps_ms(self) -> Mapping[str, tuple[float, float]]:
        """Return p50 and p95 of every search step, milliseconds."""
        steps = distinct(step for row in self.rows for step in row.latency_ms)
        times = {step: [row.latency_ms.get(step, 0.0) for row in self.rows] for step in steps}
        return {step: (_percentile(each, 50), _percentile(each, 95)) for step, each in times.items()}

    def risk_coverage(self) -> RiskCoverage:
        """Return the risk at every coverage."""
        return risk_coverage(*self.confidences())

    @property
    def has_both_kinds(self) -> bool:
        """Return whether there are both answerable and unanswerable questions, as AUROC and the like need."""
        return len({row.answerable for row in self.rows}) == 2

    def confidences(self) -> tuple[np.ndarray, np.ndarray]:
        """Return confidences and answerability labels, shape ``(n,)`` each."""
        labels = np.array([row.answerable for row in self.rows], bool)
        return np.array([row.confidence for row in self.rows], np.float64), labels


async def measure(
    data: LabelledSet, space: SpaceId, method: SearchMethod, ids_of: Mapping[int, Sequence[str]]
) -> Measurement:
    """Ask all questions of ``data`` in ``space``, which holds its documents.

    ``ids_of`` maps a stored document to its labelled ids: several where the corpus has the same text twice.
    """
    rows = []
    for question in data.questions:
        found = await method.searcher.search(Scope(space), question.text, detect_language(question.text))
        decision = method.gate.decide(found)
        hits = method.ranking(found)
        ranking = distinct(_judged_name(ids_of[hit.passage.document_id], question.relevance) for hit in hits)
        rows.append(
            QuestionResult(
                answerable=question.answerable,
                **_ranking_measures(ranking, question.relevance),
                in_context=_in_context(found, question),
                confidence=decision.confidence.value,
                accepted=decision.band == "local",
                latency_ms=found.latency_ms,
            )
        )
    return Measurement(rows)


def as_json(measured: Mapping[str, Mapping[str, Measurement]], headline: str = "fused") -> Mapping[str, object]:
    """Return a report by set: the ``headline`` method's measures, its steps, and every method's ``by_method``."""
    return {
        "sets": {
            name: {
                **methods[headline].metrics(),
                "steps_ms": {
                    step: {"p50": p50, "p95": p95} for step, (p50, p95) in methods[headline].steps_ms().items()
                },
                "by_method": {method: each.metrics() for method, each in methods.items()},
            }
            for name, methods in measured.items()
        }
    }


def as_table(measured: Mapping[str, Mapping[str, Measurement]]) -> str:
    """Return a report as a Markdown table, a row for each set and method."""
    return table(
        {(name, method): each.metrics() for name, methods in measured.items() for method, each in methods.items()}
    )


def table(figures: Mapping[tuple[str, ...], Mapping[str, float | None]]) -> str:
    """Return figures as a Markdown table; each row begins with its key, a set and perhaps a method."""
    names = list(next(iter(figures.values()), {}))
    rows = [[*key, *(_shown(value) for value in each.values())] for key, each in figures.items()]
    leads = ["set", "method"][: len(next(iter(figures), ()))]
    head = [*leads, *names]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def _judged_name(names: Sequence[str], relevance: Mapping[str, int]) -> str:
    """Return the labelled id with the highest grade among those of one stored text."""
    return max(names, key=lambda name: relevance.get(name, 0))


def _ranking_measures(ranking: Sequence[str], relevance: Mapping[str, int]) -> dict[str, float]:
    if not any(grade > 0 for grade in relevance.values()):
        return dict.fromkeys(("ndcg", "reciprocal_rank", "recall"), math.nan)
    return {
        "ndcg": ndcg(ranking, relevance),
        "reciprocal_rank": reciprocal_rank(ranking, relevance),
        "recall": recall(ranking, relevance),
    }


def _in_context(found: SearchResult, question: LabelledQuestion) -> float:
    if not question.answerable or not question.answers:
        return math.nan
    return float(holds_answer(found.context[:N_CONTEXT], question.answers))


def holds_answer(context: Sequence[Hit], answers: Sequence[str]) -> bool:
    """Return whether a passage contains a reference answer verbatim, but for case and white space."""
    texts = [_plain(hit.passage.text) for hit in context]
    return any(_plain(answer) in text for answer in answers for text in texts)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _percentile(values: Sequence[float], percent: int) -> float:
    return float(np.percentile(values, percent)) if values else math.nan


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if value < 10 else f"{value:.1f}"
