"""How often the answer is in what a provider reads: the eight passages alone, and joined with their neighbours.

Run: python bench/prompts.py DIR...   (DIRs in BEIR's layout)
Prints for each set the share of answerable questions one of whose answers stands in the first eight hits, in the
context that MMR chose of them all, and in the passages of the prompt, within as many tokens as a provider is sent and
as one that finds that too much.
"""

from __future__ import annotations

import asyncio

import numpy as np

from bench.labelled import folder_arguments, given_folders, indexed
from bench.table import heading, row
from core.evaluation.dataset import LabelledQuestion, LabelledSet, read_labelled
from core.evaluation.harness import holds_answer
from core.generation.prompting.prompt import Prompt, estimate_tokens, grounded
from core.generation.writer import PROMPT_TOKENS
from core.ports import Embedder
from core.retrieval.search import N_CONTEXT


async def measure(data: LabelledSet, embedder: Embedder) -> dict[str, float]:
    """Return the shares by where was looked."""
    rows: dict[str, list[float]] = {"first 8": [], "context": []}
    async with indexed(data.documents, embedder) as index:
        for question in [each for each in data.questions if each.answerable and each.answers]:
            found = await index.search(question.text)
            beside = await index.passages.neighbours([hit.passage for hit in found.context])
            rows["first 8"].append(holds_answer(found.hits[:N_CONTEXT], question.answers))
            rows["context"].append(holds_answer(found.context, question.answers))
            for n_tokens in PROMPT_TOKENS:
                for name, more in ((f"{n_tokens} tokens", ()), (f"{n_tokens} tokens, joined", beside)):
                    asked = grounded(
                        question.text, found.context, found.question.language, n_tokens, estimate_tokens, more
                    )
                    rows.setdefault(name, []).append(shows(asked, question))
    return {name: float(np.mean(values)) for name, values in rows.items()}


def shows(prompt: Prompt, question: LabelledQuestion) -> bool:
    """Tell whether an answer stands in what the prompt shows, the question not counted."""
    text = plain(prompt.turns[-1].content.replace(question.text, ""))
    return any(plain(answer) in text for answer in question.answers)


def plain(text: str) -> str:
    return " ".join(text.casefold().split())


def main() -> None:
    given, embedder = given_folders(folder_arguments(__doc__))
    for number, folder in enumerate(given.folders):
        shares = asyncio.run(measure(read_labelled(folder), embedder))
        if number == 0:
            print(heading("set", *shares))
        print(row(folder.name, *(f"{share:.3f}" for share in shares.values())), flush=True)


if __name__ == "__main__":
    main()
