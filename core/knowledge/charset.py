"""Bytes to text: which character set a text is in, and whether it is a text at all."""

from __future__ import annotations

import codecs
import re
import unicodedata

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_MAX_CONTROL_SHARE = 0.005
"""A text may hold a stray control character; a file of another kind is full of them."""


class NotText(ValueError):
    """The bytes are not a text in any character set AION reads."""


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text that ``data`` holds: by its byte order mark, the ``declared`` name, UTF-8, UTF-16 or cp1252.

    Raises ``NotText`` when what comes out is no text (a NUL, or control characters all over).
    """
    for text in _readings(data, declared):
        n_control = len(_CONTROL.findall(text))
        if "\0" not in text and n_control <= len(text) * _MAX_CONTROL_SHARE:
            return tidy(text)
    raise NotText(f"{len(data)} bytes in no known character set")


def tidy(text: str) -> str:
    """Return ``text`` with plain line ends, composed letters (NFC) and no invisible marks, trimmed."""
    composed = unicodedata.normalize("NFC", text).translate(_INVISIBLE).replace("\r\n", "\n").replace("\r", "\n")
    lines = "\n".join(line.rstrip(" \t") for line in composed.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n ")


_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u00ad\u200b\u2060")) | {ord("\xa0"): " ", ord("\x85"): "\n"}


def _readings(data: bytes, declared: str | None) -> list[str]:
    marked = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), None)
    if marked:
        mark, name = marked
        return _read(data[len(mark) :], name)
    return [text for name in (declared, "utf-8", _utf16(data), "cp1252") if name for text in _read(data, name)]


def _read(data: bytes, charset: str) -> list[str]:
    try:
        return [data.decode(charset)]
    except (LookupError, ValueError):
        return []


def _utf16(data: bytes) -> str | None:
    """Return the UTF-16 that Latin text without a byte order mark is in: every other byte is then NUL."""
    head = data[:4096]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = head[offset::2]
        if len(high) > 1 and high.count(0) > 0.7 * len(high) and 0 not in head[1 - offset :: 2]:
            return name
    return None
