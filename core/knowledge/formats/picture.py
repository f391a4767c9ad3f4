"""Reading pictures by text recognition."""

from __future__ import annotations

from core.knowledge.charset import normalise_text
from core.knowledge.formats.document_text import ReadText
from core.knowledge.ocr import recognise_text


def read(data: bytes, name: str) -> ReadText:
    """Return the text on a picture. Raises ``BadInput`` when it cannot be recognised, or no OCR is installed."""
    return ReadText(None, normalise_text(recognise_text([data], name)))
