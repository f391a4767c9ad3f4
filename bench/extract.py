"""How often the extractive answer holds the right one, where the passages found do: by set, with the real embedder.

Run: python bench/extract.py DIR... [--json]   (DIRs in BEIR's layout, with answers)

An answer counts as held when one of its labelled strings stands in the text, case, accents and punctuation aside.
"first" is the best quotation of about three sentences, "text" the whole extract of one or two, "closest" what is
shown where the gate is not sure.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.labelled import folder_arguments, given_folders, indexed
from core.evaluation.dataset import LabelledSet, read_labelled
from core.generation.grounding.extractive import closest, extract
from core.generation.grounding.quote_ranking import rank_quotations
from core.ports import Embedder
from core.retrieval.analyzer import fold


@dataclass(frozen=True, slots=True)
class QuoteResult:
    """One question whose answer was among the passages found: whether it was quoted, and in how many characters."""

    in_first: bool
    in_text: bool
    in_closest: bool
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
            neighbours = await index.passages.neighbours([hit.passage for hit in found.context])
            ranked = rank_quotations(found, neighbours, embedder)
            texts = [answer.text if answer else "" for answer in (extract(ranked), closest(ranked, "en"))]
            first = ranked[0].quotation.text if ranked else ""
            held = (holds(text, question.answers) for text in (first, *texts))
            quoted.append(QuoteResult(*held, n_chars=len(texts[0])))
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
            "closest": round(sum(one.in_closest for one in quoted) / n, 3),
            "chars": round(sum(one.n_chars for one in quoted) / n),
        }
        if not given.json:
            print(data.name, rows[data.name], flush=True)
    if given.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
