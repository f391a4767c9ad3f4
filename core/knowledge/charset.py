"""Decoding bytes: detects the character set, and refuses data that is not text."""

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
"""The most control characters, as a share of all characters, that a text may have; binary files have more."""


class NotText(ValueError):
    """The bytes are not text in any supported character set."""


def decode(data: bytes, declared: str | None = None) -> str:
    """Return ``data`` decoded by its byte order mark, else as ``declared``, UTF-8, UTF-16 or cp1252, normalised.

    Raises ``NotText`` when every decoding has a NUL or too many control characters.
    """
    for text in _decodings(data, declared):
        n_control = len(_CONTROL.findall(text))
        if "\0" not in text and n_control <= len(text) * _MAX_CONTROL_SHARE:
            return normalise_text(text)
    raise NotText(f"{len(data)} bytes in no known character set")


def normalise_text(text: str) -> str:
    """Return ``text`` in NFC with LF line ends, without invisible characters, at most one empty line in a row."""
    composed = unicodedata.normalize("NFC", text).translate(_INVISIBLE).replace("\r\n", "\n").replace("\r", "\n")
    lines = "\n".join(line.rstrip(" \t") for line in composed.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n ")


_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u00ad\u200b\u2060")) | {ord("\xa0"): " ", ord("\x85"): "\n"}


def _decodings(data: bytes, declared: str | None) -> list[str]:
    marked = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), None)
    if marked:
        mark, name = marked
        return _decoded(data[len(mark) :], name)
    return [text for name in (declared, "utf-8", _utf16(data), "cp1252") if name for text in _decoded(data, name)]


def _decoded(data: bytes, charset: str) -> list[str]:
    try:
        return [data.decode(charset)]
    except (LookupError, ValueError):
        return []


def _utf16(data: bytes) -> str | None:
    """Return the UTF-16 variant of Latin text without a byte order mark (every other byte is NUL), or ``None``."""
    head = data[:4096]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = head[offset::2]
        if len(high) > 1 and high.count(0) > 0.7 * len(high) and 0 not in head[1 - offset :: 2]:
            return name
    return None
