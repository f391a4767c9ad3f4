"""The privacy text that ``aion init`` writes for the operator to complete and publish."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.settings import Settings
from core.texts import say
from core.types import Language

PRIVACY = Path("PRIVACY.md")


def privacy_text(settings: Settings, providers: Sequence[str], language: Language) -> str:
    """Return the text in Markdown; ``providers`` are those that have a key."""
    days, names = settings.keep_answers_days, ", ".join(providers)
    paragraphs = (
        say(language, "privacy_text.title"),
        say(language, "privacy_text.kept"),
        say(language, "privacy_text.kept_days", days=days) if days else say(language, "privacy_text.kept_on"),
        say(language, "privacy_text.sent", names=names) if names else say(language, "privacy_text.not_sent"),
        say(language, "privacy_text.training"),
        "" if settings.discord_training_permitted == "yes" else say(language, "privacy_text.discord"),
        say(language, "privacy_text.rights"),
        say(language, "privacy_text.contact"),
    )
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def write_privacy_text(path: Path, text: str) -> bool:
    """Write the text unless there is a file already; return whether it was written. Blocks. Raises ``OSError``."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
