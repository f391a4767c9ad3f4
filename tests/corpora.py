"""Folders of text for training from scratch: sentences of a small grammar, which a tiny model can learn."""

from __future__ import annotations

import random
from pathlib import Path

SUBJECTS = ["the library", "the workshop", "the kitchen", "a member", "a guest"]
VERBS = ["opens", "closes", "meets", "waits"]
TIMES = ["at nine", "at ten", "in the morning", "in the evening", "on Sunday"]


def write_corpus(folder: Path, n_files: int = 6, n_sentences: int = 150, seed: int = 0) -> Path:
    """Write text files of sentences and return the folder."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n_files):
        lines = [
            f"{chance.choice(SUBJECTS)} {chance.choice(VERBS)} {chance.choice(TIMES)}.\n" for _ in range(n_sentences)
        ]
        (folder / f"{number}.txt").write_text("".join(lines), encoding="utf-8")
    return folder
