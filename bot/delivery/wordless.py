"""What is said about a message without words: in one sentence, what of it cannot be read."""

from __future__ import annotations

from typing import Literal

from core.texts import say_markdown
from core.types import Language, Reply

WordlessKind = Literal["picture", "voice", "video", "sticker", "file", "hidden", "other"]
"""What a message consists of; ``hidden``: of a message that the platform does not show AION."""


def wordless_reply(kind: WordlessKind, language: Language) -> Reply:
    """Return the sentence on what cannot be read."""
    return Reply(say_markdown(language, f"wordless.{kind}"), language)


def media_kind(content_type: str | None) -> WordlessKind:
    """Return the kind of a file by its MIME type."""
    kinds: dict[str, WordlessKind] = {"image": "picture", "audio": "voice", "video": "video"}
    return kinds.get((content_type or "").split("/")[0].lower(), "file")
