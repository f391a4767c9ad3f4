"""How often the local model's own words stand on its passages, and whether what stands is right.

Run: python bench/local_answers.py DIR... [--limit N] [--show]   (DIRs in BEIR's layout, with answers)

"clear": one sentence of the passages is clearly the answer, so the model is asked. "stands": what it wrote passed the
support check. "wrong": it passed and does not hold a labelled answer. The others are quoted instead.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from bench.extract import holds
from bench.labelled import folder_arguments, given_folders, indexed
from core.evaluation.dataset import LabelledSet, read_labelled
from core.generation.grounding.sentence_ranking import rank
from core.generation.grounding.support import SupportCheck, SupportResult
from core.generation.local.factory import open_generator
from core.generation.local.generator import LocalGenerator
from core.generation.prompting.prompt import brief
from core.generation.writer import BRIEF
from core.ports import Embedder
from core.settings import Settings
from core.types import SearchResult


async def ask_all(data: LabelledSet, embedder: Embedder, model: LocalGenerator, limit: int, show: bool) -> Counter[str]:
    """Return how many of the first ``limit`` answerable questions came to what."""
    counts: Counter[str] = Counter()
    async with indexed(data.documents, embedder) as index:
        for question in [each for each in data.questions if each.answerable and each.answers][:limit]:
            found = await index.search(question.text)
            support = await written(found, embedder, model)
            counts["asked"] += 1
            counts["clear"] += support is not None
            if support and support.is_supported:
                outcome = "stands" if holds(support.text, question) else "wrong"
                counts[outcome] += 1
                if show:
                    print(f"{outcome}: {question.text} -> {support.text}", flush=True)
            elif support and show:
                print(f"falls: {question.text} -> {support.reason}", flush=True)
    return counts


async def written(found: SearchResult, embedder: Embedder, model: LocalGenerator) -> SupportResult | None:
    """Return what stands of the model's reply; ``None`` when it is not asked."""
    ranked = rank(found, embedder)
    check = SupportCheck(found.question, ranked)
    if not check.can_pass or found.question.language not in model.languages:
        return None
    turns = brief(found.question.text, found.context, ranked[0].sentence).turns
    return check.check("".join([piece.text async for piece in model.stream(turns, BRIEF)]))


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--limit", type=int, default=50)
    arguments.add_argument("--show", action="store_true")
    given, embedder = given_folders(arguments)
    model = open_generator(Settings.model_fields["local_model"].default, given.cache / "models", print)
    for folder in given.folders:
        data = read_labelled(folder)
        counts = asyncio.run(ask_all(data, embedder, model, given.limit, given.show))
        print(data.name, dict(counts), flush=True)


if __name__ == "__main__":
    main()
