"""Messages without words: what they consist of; ``wordless.KIND`` of the catalogue says that it cannot be read."""

from __future__ import annotations

from typing import Literal

WordlessKind = Literal["picture", "voice", "video", "sticker", "file", "hidden", "other"]
"""What a message consists of; ``hidden``: of a message that the platform does not show AION."""


def media_kind(content_type: str | None) -> WordlessKind:
    """Return the kind of a file by its MIME type."""
    kinds: dict[str, WordlessKind] = {"image": "picture", "audio": "voice", "video": "video"}
    return kinds.get((content_type or "").split("/")[0].lower(), "file")
