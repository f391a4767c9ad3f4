"""How often quotes hold the right answer, if a gate lets everything through: by set and kind, with the real embedder.

Run: python bench/extract.py DIR... [--json]   (DIRs in BEIR's layout, with answers or required strings)

Each collection is indexed by itself. A text holds the answer when it contains one string of every group that is
required (``must``), or else, word for word, one of the labelled answers. Of the answerable questions: "found" is the
share whose passages hold it (at most 8), "first" that of the best quotation of about three sentences, "extract" what
is shown as sure, "closest" what is shown where AION is not sure; "chars" are the mean lengths of both.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.labelled import folder_arguments, given_folders, indexed
from bench.table import heading, row
from core.evaluation.dataset import LabelledQuestion, LabelledSet, read_labelled
from core.evaluation.outcomes import is_right
from core.generation.grounding.extractive import closest, extract
from core.generation.grounding.quote_ranking import rank_quotations
from core.ports import Embedder
from core.retrieval.analyzer import fold

COLUMNS = ("found", "first", "extract", "closest")


@dataclass(frozen=True, slots=True)
class QuoteResult:
    """One answerable question: which texts hold its answer, by ``COLUMNS``, and how long the last two are."""

    kind: str
    held: tuple[bool, ...]
    n_chars: tuple[int, int]


async def quote_all(data: LabelledSet, embedder: Embedder) -> list[QuoteResult]:
    """Return what was quoted for the answerable questions of a set, each asked of its own collection."""
    results = []
    for part in data.collections():
        asked = [each for each in part.questions if each.answerable and (each.must or each.answers)]
        async with indexed(part.documents, embedder) as index:
            for question in asked:
                found = await index.search(question.text)
                neighbours = await index.passages.neighbours([hit.passage for hit in found.context])
                ranked = rank_quotations(found, neighbours, embedder)
                passages = "\n".join(hit.passage.text for hit in found.context)
                first = ranked[0].quotation.text if ranked else ""
                sure, near = (made.text if made else "" for made in (extract(ranked), closest(ranked, "en")))
                held = tuple(holds(text, question) for text in (passages, first, sure, near))
                results.append(QuoteResult(question.kind or "-", held, (len(sure), len(near))))
    return results


def holds(text: str, question: LabelledQuestion) -> bool:
    """Return whether ``text`` holds the answer of a question."""
    if question.must:
        return is_right(text, question.must)
    return any(f" {plain(answer)} " in f" {plain(text)} " for answer in question.answers)


def plain(text: str) -> str:
    """Return the words of ``text``, without case, accents and punctuation."""
    return " ".join(re.findall(r"\w+", fold(text)))


def summary(results: Sequence[QuoteResult]) -> Mapping[str, float]:
    """Return the shares by column, the number of questions, and the mean lengths."""
    shares = np.mean([each.held for each in results], axis=0)
    lengths = np.mean([each.n_chars for each in results], axis=0)
    named = {name: round(float(share), 3) for name, share in zip(COLUMNS, shares, strict=True)}
    return {"n": len(results), **named, "chars": round(float(lengths[0])), "chars_closest": round(float(lengths[1]))}


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--json", action="store_true")
    given, embedder = given_folders(arguments)
    if not given.json:
        print(heading("set", "kind", "n", *COLUMNS, "chars", "closest"))
    tables = {}
    for folder in given.folders:
        results = asyncio.run(quote_all(read_labelled(folder), embedder))
        kinds: dict[str, list[QuoteResult]] = defaultdict(list)
        for each in results:
            kinds[each.kind].append(each)
        tables[folder.name] = {"all": summary(results), **{kind: summary(kinds[kind]) for kind in sorted(kinds)}}
        if not given.json:
            for kind, figures in tables[folder.name].items():
                print(row(folder.name, kind, *figures.values()), flush=True)
    if given.json:
        print(json.dumps(tables, indent=1))


if __name__ == "__main__":
    main()
