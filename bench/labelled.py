"""What the benchmarks of retrieval and of the gate run on: labelled folders, and the default embedder."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.evaluation.cached import CachedEmbedder
from core.ports import Embedder
from core.retrieval.embed import open_embedder
from core.settings import Settings


def default_embedder(data_dir: Path) -> Embedder:
    """Return the embedder that AION uses out of the box, its files kept under ``data_dir``."""
    return open_embedder(Settings.model_fields["embedder"].default, data_dir / "models", print)


def folder_arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser for labelled folders, and for where models and vectors are kept between two runs."""
    arguments = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    arguments.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "aion-bench")
    return arguments


def given_folders(arguments: argparse.ArgumentParser) -> tuple[argparse.Namespace, CachedEmbedder]:
    """Return what was given, and the embedder. Ends the program with a line that says so where no folder was given."""
    given = arguments.parse_args()
    if not given.folders:
        print("skipped: no labelled folders given (BEIR's layout: corpus.jsonl, queries.jsonl, qrels.tsv)")
        raise SystemExit(0)
    return given, CachedEmbedder(default_embedder(given.cache), given.cache / "vectors.sqlite")
