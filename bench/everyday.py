"""Embeds the everyday subjects that the gate compares questions with, by the default embedder.

Run: python bench/everyday.py   (after a change of core/confidence/everyday.txt; then refit the gate)
"""

from __future__ import annotations

from pathlib import Path

from bench.labelled import default_embedder, folder_arguments
from core.confidence.everyday import everyday_subjects, write_vectors

VECTORS = Path(__file__).parents[1] / "core" / "confidence" / "everyday.npz"


def main() -> None:
    """Write the vectors."""
    given = folder_arguments(__doc__).parse_args()
    vectors = default_embedder(given.cache / "models").embed_passages(everyday_subjects())
    with VECTORS.open("wb") as file:
        write_vectors(vectors, file)
    print(f"{len(vectors)} subjects, {VECTORS.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
