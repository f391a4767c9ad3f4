"""Words of real texts, repeated for as long as a benchmark needs more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path


def endless_words(folder: Path) -> Iterator[str]:
    """Yield the words of a folder's Markdown files again and again. Ends the program when there are none."""
    words = [word for path in sorted(folder.rglob("*.md")) for word in path.read_text(encoding="utf-8").split()]
    if not words:
        raise SystemExit(f"no .md file with text in {folder}")
    return cycle(words)
