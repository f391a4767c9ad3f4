"""Write the reference pages into ``docs/``."""

from __future__ import annotations

from pathlib import Path

from bot.reference.pages import reference_pages

if __name__ == "__main__":
    for path, text in reference_pages().items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
