"""Types of fields in requests."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator

from bot.web.errors import ApiError

_MAX_DIGITS = 18
"""Digits of a row's number that the database can hold."""


def _require_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it holds half of a surrogate pair, which is no character") from None
    return text


EncodableText = Annotated[str, AfterValidator(_require_text)]
"""Text that can be encoded: JSON's ``"\\ud800"`` alone cannot."""


def row_number(typed: str) -> int:
    """Return the number of a row named in a path. Raises a 404 ``ApiError`` when no row can have it."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _MAX_DIGITS):
        raise ApiError(HTTPStatus.NOT_FOUND, "There is nothing of that number.", "not_found")
    return int(typed)
