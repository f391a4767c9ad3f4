"""Fits the weights by which quotations are ranked, on labelled sets with required strings.

Run: python bench/quote_fit.py DIR... [--judge DIR...] [--write]
Each collection is indexed by itself, with the real embedder. The weights maximise the likelihood, among a question's
quotations, of those that hold what a right answer must contain (softmax, L2 penalty). Printed is the share of the
answerable questions whose extract, and whose closest quotations, hold it: each collection by weights fitted on the
others, and the sets of --judge by all of them. With --write the weights go to
core/generation/grounding/quote_weights.json, with the sets that they were fitted on.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench.labelled import folder_arguments, given_folders, indexed, second_embedder
from bench.table import heading, row
from core.evaluation.dataset import LabelledQuestion, LabelledSet, read_labelled
from core.evaluation.outcomes import is_right
from core.generation.grounding.extractive import closest, extract
from core.generation.grounding.quotation import Quotation
from core.generation.grounding.quote_ranking import (
    FEATURES,
    READ_BY_MEANING,
    Features,
    ScoredQuotation,
    meanings,
    plain_features,
    quotations,
    text_with_headings,
)
from core.ports import Embedder
from core.retrieval.second_embedder import for_language

WEIGHTS = Path(__file__).parents[1] / "core" / "generation" / "grounding" / "quote_weights.json"

PENALTY = 0.01
"""Of the squared weights, beside the mean negative log-likelihood of a question."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QuotedQuestion:
    """An answerable question, its quotations with their features, and which of them hold what they must.

    ``has_second``: the second embedder reads its language.
    """

    name: str
    collection: str
    question: LabelledQuestion
    candidates: Sequence[Quotation]
    features: Features
    is_right: NDArray[np.bool_]
    has_second: bool


async def quoted_questions(data: LabelledSet, embedder: Embedder, second: Embedder | None) -> list[QuotedQuestion]:
    """Return the answerable questions of a set, each asked of its own collection."""
    found = []
    for part in data.collections():
        async with indexed(part.documents, embedder, second) as index:
            for question in part.questions:
                if not (question.answerable and question.must):
                    continue
                searched = await index.search(question.text)
                near = await index.passages.neighbours([hit.passage for hit in searched.context])
                candidates = quotations(searched.context, near)
                if not candidates:
                    continue
                features = plain_features(searched, candidates)
                texts = [text_with_headings(each) for each in candidates]
                reading = for_language(second, searched.question.language)
                features[:, :READ_BY_MEANING] = meanings(searched, texts, embedder, reading)
                holds = np.array([is_right(each.text, question.must) for each in candidates])
                relevant = np.array(
                    [
                        any(
                            question.relevance.get(name, 0) > 0
                            for name in index.names[each.passage.passage.document_id]
                        )
                        for each in candidates
                    ]
                )  # a short required string stands in many places
                right = holds & relevant if (holds & relevant).any() else holds
                has_second = reading is not None
                found.append(QuotedQuestion(data.name, part.name, question, candidates, features, right, has_second))
    return found


def fitted(examples: Iterable[QuotedQuestion]) -> Floats:
    """Return the weights of ``FEATURES``; questions of which every or no quotation is right tell nothing."""
    told = [(each.features, each.is_right) for each in examples if each.is_right.any() and not each.is_right.all()]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = PENALTY * float(weights @ weights), 2 * PENALTY * weights
        for features, right in told:
            scores = features @ weights
            odds = np.exp(scores - scores.max())
            every, held = odds / odds.sum(), np.where(right, odds, 0.0) / odds[right].sum()
            total -= float(np.log(odds[right].sum() / odds.sum())) / len(told)
            slope = slope + features.T @ (every - held) / len(told)
        return total, slope

    return np.asarray(minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x)


def outcome(each: QuotedQuestion, weights: Floats) -> tuple[bool, bool]:
    """Return whether the extract, and whether what comes closest, holds what it must."""
    scores = each.features @ weights
    ranked = [ScoredQuotation(each.candidates[i], float(scores[i])) for i in np.argsort(-scores, kind="stable")]
    sure, near = extract(ranked), closest(ranked, "en")
    must = each.question.must
    return bool(sure and is_right(sure.text, must)), bool(near and is_right(near.text, must))


def judged(examples: Sequence[QuotedQuestion]) -> dict[str, list[tuple[bool, bool]]]:
    """Return the outcomes by set, each collection by weights fitted on the others."""
    outcomes = defaultdict(list)
    for collection in dict.fromkeys((each.name, each.collection) for each in examples):
        weights = fitted_both([each for each in examples if (each.name, each.collection) != collection])
        for each in examples:
            if (each.name, each.collection) == collection:
                outcomes[each.name].append(outcome(each, weights[each.has_second]))
    return outcomes


def fitted_both(examples: Sequence[QuotedQuestion]) -> dict[bool, Floats]:
    """Return the weights by whether the second embedder reads the question."""
    return {reads: fitted(each for each in examples if each.has_second == reads) for reads in (False, True)}


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--judge", nargs="*", type=Path, default=[], metavar="DIR", help="sets not fitted on")
    arguments.add_argument("--write", action="store_true", help="write the weights that the ranking uses")
    given, embedder = given_folders(arguments)
    second = second_embedder(given.cache)
    examples = [
        each
        for folder in given.folders
        for each in asyncio.run(quoted_questions(read_labelled(folder), embedder, second))
    ]
    print(heading("set", "n", "extract", "closest"))
    for name, outcomes in judged(examples).items():
        print(row(name, len(outcomes), *(f"{share:.3f}" for share in np.mean(outcomes, axis=0))), flush=True)
    weights = fitted_both(examples)
    for folder in given.judge:
        asked = asyncio.run(quoted_questions(read_labelled(folder), embedder, second))
        outcomes = [outcome(each, weights[each.has_second]) for each in asked]
        print(
            row(f"{folder.name} (judged)", len(outcomes), *(f"{share:.3f}" for share in np.mean(outcomes, axis=0))),
            flush=True,
        )
    rounded = {
        case: {name: round(float(weight), 2) for name, weight in zip(FEATURES, weights[reads], strict=True)}
        for case, reads in (("weights", False), ("with_second", True))
    }
    print(rounded)
    if given.write:
        told = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        told["fitted"] = datetime.now(UTC).date().isoformat()
        told |= rounded
        known = {each["name"]: each for each in told["sets"]}
        told["sets"] = [known.get(folder.name, {"name": folder.name}) for folder in given.folders]
        WEIGHTS.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
