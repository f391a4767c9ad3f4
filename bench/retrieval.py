"""Ranking, context and gate of every method on labelled sets, with the embedder that AION uses out of the box.

Run: python bench/retrieval.py DIR... [--json]   (DIRs in BEIR's layout)
"""

from __future__ import annotations

import asyncio
import json
import sys

from bench.labelled import folder_arguments, given_folders, second_embedder
from core.evaluation.dataset import read_labelled
from core.evaluation.harness import as_json, as_table
from core.experiments.search_eval import assess


def tell(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr)


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--json", action="store_true")
    given, embedder = given_folders(arguments)
    second = second_embedder(given.cache)
    measured = {}
    for folder in given.folders:
        data = read_labelled(folder)
        measured[data.name] = asyncio.run(assess(data, embedder, tell=tell, second=second))
    print(json.dumps(as_json(measured), indent=1) if given.json else as_table(measured))


if __name__ == "__main__":
    main()
