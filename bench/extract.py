"""How often the extractive answer holds the right one, where the passages found do: by set, with the real embedder.

Run: python bench/extract.py DIR... [--json]   (DIRs in BEIR's layout, with answers)

An answer counts as held when one of its labelled strings stands in the text, case, accents and punctuation aside.
"first" is the best sentence alone, "text" the whole extract of one to three sentences.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.labelled import folder_arguments, given_folders, indexed
from core.evaluation.dataset import LabelledSet, read_labelled
from core.generation.grounding.extractive import extract
from core.generation.grounding.sentence_ranking import rank
from core.ports import Embedder
from core.retrieval.analyzer import fold


@dataclass(frozen=True, slots=True)
class QuoteResult:
    """One question whose answer was among the passages found: whether it was quoted, and in how many characters."""

    in_first: bool
    in_text: bool
    n_chars: int


async def quote_all(data: LabelledSet, embedder: Embedder) -> tuple[int, list[QuoteResult]]:
    """Return how many questions can be answered, and what was quoted for those whose answer was found."""
    asked = [question for question in data.questions if question.answerable and question.answers]
    quoted = []
    async with indexed(data.documents, embedder) as index:
        for question in asked:
            found = await index.search(question.text)
            if not any(holds(hit.passage.text, question.answers) for hit in found.context):
                continue
            ranked = rank(found, embedder)
            answer = extract(ranked, found.question.language)
            text = answer.text if answer else ""
            first = holds(ranked[0].sentence.text, question.answers)
            quoted.append(QuoteResult(first, holds(text, question.answers), len(text)))
    return len(asked), quoted


def holds(text: str, answers: Sequence[str]) -> bool:
    """Tell whether one of ``answers`` stands in ``text``, word for word."""
    return any(f" {plain(answer)} " in f" {plain(text)} " for answer in answers)


def plain(text: str) -> str:
    """Return the words of ``text``, without case, accents and punctuation."""
    return " ".join(re.findall(r"\w+", fold(text)))


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--json", action="store_true")
    given, embedder = given_folders(arguments)
    rows = {}
    for folder in given.folders:
        data = read_labelled(folder)
        n_asked, quoted = asyncio.run(quote_all(data, embedder))
        n = max(1, len(quoted))
        rows[data.name] = {
            "asked": n_asked,
            "found": len(quoted),
            "first": round(sum(one.in_first for one in quoted) / n, 3),
            "text": round(sum(one.in_text for one in quoted) / n, 3),
            "chars": round(sum(one.n_chars for one in quoted) / n),
        }
        if not given.json:
            print(data.name, rows[data.name], flush=True)
    if given.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
