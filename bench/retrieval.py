"""Ranking, context and gate of every method on labelled sets, with the embedder that AION uses out of the box.

Run: python bench/retrieval.py DIR... [--json]   (DIRs in BEIR's layout)
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from bench.labelled import default_embedder
from core.assessment import assess
from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import read_labelled
from core.evaluation.harness import as_json, as_table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "aion-bench")
    given = arguments.parse_args()
    if not given.folders:
        print("skipped: no labelled folders given (BEIR's layout: corpus.jsonl, queries.jsonl, qrels.tsv)")
        return
    embedder = CachedEmbedder(default_embedder(given.cache), given.cache / "vectors.sqlite")
    measured = {}
    for folder in given.folders:
        data = read_labelled(folder)
        measured[data.name] = asyncio.run(assess(data, embedder, tell=lambda line: print(line, file=sys.stderr)))
    print(json.dumps(as_json(measured), indent=1) if given.json else as_table(measured))


if __name__ == "__main__":
    main()
