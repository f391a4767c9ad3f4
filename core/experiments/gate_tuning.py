"""Refits the gate to labelled sets and to a space's rated answers, with cross-validated figures: ``aion tune``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.confidence.calibrate import Coefficients
from core.confidence.features import features
from core.confidence.fit import Floats, GateExample, Labels, fit, folds, labels_of
from core.errors import BadInput
from core.evaluation.dataset import LabelledSet
from core.evaluation.selective import auroc, balanced_accuracy, expected_calibration_error
from core.experiments.search_eval import SPACE, store_labelled, stored_second
from core.language import detect_language
from core.ports import Embedder, Reader
from core.retrieval.fuse import Fusion
from core.retrieval.reading.reading_searcher import with_reader
from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.impressions import RatedImpression
from core.storage.passages import Passages
from core.types import Scope

MIN_EXAMPLES = 20
"""Least examples of each label that are fitted to."""

SET_WEIGHT = 500.0
"""Total sample weight of a labelled set; a rating weighs at most 1."""

RATINGS = "ratings"
"""``origin`` of the examples from ratings."""


@dataclass(frozen=True, slots=True)
class GateFigures:
    """Measures of a gate: ``local`` is the share answered locally, ``risk`` the unanswerable share of those.

    Measures that need both labels, or any local answer, are ``nan`` without.
    """

    auroc: float
    balanced_accuracy: float
    ece: float
    local: float
    risk: float


@dataclass(frozen=True, slots=True)
class TunedGate:
    """Refitted ``coefficients``, with figures by origin: ``before``, and ``after`` cross-validated by topic."""

    coefficients: Coefficients
    start: Coefficients
    before: dict[str, GateFigures]
    after: dict[str, GateFigures]


async def labelled_examples(
    data: LabelledSet,
    embedder: Embedder,
    asked: Callable[[], object],
    reader: Reader | None = None,
    fusion: Fusion | None = None,
    second: Embedder | None = None,
) -> list[GateExample]:
    """Search for a labelled set's questions in a temporary index, and return their features, with a reader's evidence.

    ``fusion`` is the search's; by default the one shipped for the embedder. All sets have the same total weight.
    ``asked`` is called after each question. Raises ``BadInput`` when the set has only answerable or only unanswerable
    questions.
    """
    if len({question.answerable for question in data.questions}) < 2:
        raise BadInput("tune.one_kind", name=data.name)
    examples = []
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder)) as database:
            await store_labelled(Documents(database), embedder, data.documents, SPACE, second=second)
            stored = stored_second(database, second)
            indexes = HybridSearcher(embedder, Passages(database), Path(folder) / "indexes", fusion, second=stored)
            searcher = with_reader(indexes, reader)
            for question in data.questions:
                found = await searcher.search(Scope(SPACE), question.text, detect_language(question.text))
                if found.hits:
                    topic = question.topic or question.text
                    examples.append(GateExample(features(found), question.answerable, topic, data.name))
                asked()
    return [replace(each, weight=SET_WEIGHT / len(examples)) for each in examples]


def rated_examples(rated: Iterable[RatedImpression], coefficients: Coefficients) -> list[GateExample]:
    """Return examples from ratings: liked or disliked answers with sources, and liked abstentions.

    A disliked abstention says that an answer was wanted, not that the passages have it. Answers recorded without the
    current features are left out. The weight is the absolute net vote, at most 1.
    """
    return [
        GateExample(
            each.features,
            each.net_rating > 0 and each.has_sources,
            each.searched,
            RATINGS,
            abs(each.net_rating),
        )
        for each in rated
        if each.net_rating
        and set(coefficients.weights) <= set(each.features)
        and (each.has_sources or (each.used == "abstained" and each.net_rating > 0))
    ]


def tune(examples: Sequence[GateExample], start: Coefficients, embedder_id: str, risk: float | None) -> TunedGate:
    """Refit ``start`` to ``examples``. Raises ``BadInput`` with fewer than ``MIN_EXAMPLES`` of a label."""
    labels = labels_of(examples)
    n_least = int(min(labels.sum(), (~labels).sum()))
    if n_least < MIN_EXAMPLES:
        raise BadInput("tune.too_few", n=n_least, least=MIN_EXAMPLES)
    values, is_local = np.zeros(len(examples)), np.zeros(len(examples), bool)
    for judged in folds(examples):
        others = fit([each for each, out in zip(examples, judged, strict=True) if not out], start, risk)
        values[judged] = _probabilities([each for each, out in zip(examples, judged, strict=True) if out], others)
        is_local[judged] = values[judged] >= others.upper
    before = _probabilities(examples, start)
    return TunedGate(
        coefficients=replace(
            fit(examples, start, risk), embedder=embedder_id, sets=sorted({each.origin for each in examples})
        ),
        start=start,
        before=_by_origin(examples, before, before >= start.upper),
        after=_by_origin(examples, values, is_local),
    )


def _probabilities(examples: Sequence[GateExample], coefficients: Coefficients) -> Floats:
    return np.array([coefficients.probability(each.features) for each in examples], np.float64)


def _by_origin(examples: Sequence[GateExample], values: Floats, is_local: Labels) -> dict[str, GateFigures]:
    origins = np.array([each.origin for each in examples])
    labels = labels_of(examples)
    return {
        origin: _figures(values[origins == origin], labels[origins == origin], is_local[origins == origin])
        for origin in dict.fromkeys(each.origin for each in examples)
    }


def _figures(values: Floats, labels: Labels, is_local: Labels) -> GateFigures:
    return GateFigures(
        auroc=auroc(values, labels),
        balanced_accuracy=balanced_accuracy(is_local, labels),
        ece=expected_calibration_error(values, labels),
        local=float(is_local.mean()),
        risk=float((~labels[is_local]).mean()) if is_local.any() else float("nan"),
    )
