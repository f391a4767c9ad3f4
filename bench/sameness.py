"""How many pairs of different questions the semantic cache would take for one, by how near their embeddings are.

Run: python bench/sameness.py DIR...   (DIRs in BEIR's layout; questions that differ in case alone are left out)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.labelled import folder_arguments, given_folders
from bench.table import heading, row
from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import read_labelled
from core.generation.question_match import normalised_question
from core.language import detect_language

CUTS = (0.90, 0.94, 0.96, 0.98)


def pairs(folder: Path, embedder: CachedEmbedder) -> list[tuple[float, bool, str, str]]:
    """Return the cosine of each near pair, whether it would be taken for one question, and both."""
    texts = sorted({" ".join(question.text.split()) for question in read_labelled(folder).questions}, key=str.casefold)
    vectors = np.stack([embedder.embed_query(text) for text in texts])
    meant = [normalised_question(text, detect_language(text)) for text in texts]
    cosines = np.triu(vectors @ vectors.T, 1)
    near = (
        (float(cosines[i, j]), meant[i] == meant[j], texts[i], texts[j]) for i, j in np.argwhere(cosines >= CUTS[0])
    )
    return [pair for pair in near if pair[2].casefold() != pair[3].casefold()]


def main() -> None:
    given, embedder = given_folders(folder_arguments(__doc__))
    print(heading("set", *(f"≥ {cut:.2f}: pairs / taken for one" for cut in CUTS)))
    for folder in given.folders:
        found = pairs(folder, embedder)
        cells = []
        for cut in CUTS:
            near = [is_one for cosine, is_one, _, _ in found if cosine >= cut]
            cells.append(f"{len(near)} / {sum(near)}")
        print(row(folder.name, *cells))
        for cosine, _, one, other in (pair for pair in found if pair[1]):
            print(f"<!-- {cosine:.3f} {one} ~ {other} -->")


if __name__ == "__main__":
    main()
