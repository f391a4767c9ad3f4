"""Decoding bytes: detects the character set, and refuses data that is not text.

Text is normalised: NFC, LF line ends, ligatures as letters, neither controls (of direction, too) nor invisible
characters.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from core.control_characters import without_controls
from core.normal_form import normal_form

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


_MAX_BROKEN_SHARE = 0.1
"""The most bytes that are no UTF-8, as a share of the characters beyond ASCII, for a text with a few bad bytes."""

_MAX_FOREIGN_SHARE = 0.5
"""The most letters beyond ASCII, as a share of the letters of the words that have any: Western languages have fewer."""


class NotText(ValueError):
    """The bytes are not text in any supported character set."""


def decode(data: bytes, declared: str | None = None) -> str:
    """Return ``data`` decoded and normalised: by its byte order mark, else as declared, UTF-8, UTF-16, cp1252, a guess.

    In a UTF-8 text with a few bad bytes each of them becomes U+FFFD. Raises ``NotText`` when every decoding has too
    many control characters.
    """
    for text in _decodings(data, declared):
        n_control = len(_CONTROL.findall(text))
        if n_control <= max(1, len(text) * _MAX_CONTROL_SHARE):
            return normalise_text(text)
    raise NotText(f"{len(data)} bytes in no known character set")


def normalise_text(text: str) -> str:
    """Return ``text`` in NFC with LF line ends, without controls and invisible characters.

    At most one line in a row is empty.
    """
    composed = normal_form("NFC", without_controls(text).translate(_INVISIBLE))
    lines = "\n".join(line.rstrip(" \t") for line in composed.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n ")


_INVISIBLE = (
    dict.fromkeys(map(ord, "\ufeff\u00ad\u200b\u2060"))
    | {ord("\xa0"): " "}
    | {code: normal_form("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}  # ligatures: fi, ffl, st …
)


def _decodings(data: bytes, declared: str | None) -> list[str]:
    marked = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), None)
    if marked:
        mark, name = marked
        return _decoded(data[len(mark) :], name)
    named = [text for name in (declared, "utf-8", _utf16(data)) if name for text in _decoded(data, name)]
    return [*named, *_nearly_utf8(data), *_western(data), *_guessed(data)]


def _decoded(data: bytes, charset: str) -> list[str]:
    try:
        return [data.decode(charset)]
    except (LookupError, ValueError):
        return []


def _nearly_utf8(data: bytes) -> list[str]:
    """Return UTF-8 with its bad bytes replaced, where it has far more good characters beyond ASCII than bad bytes."""
    text = data.decode("utf-8", "replace")
    n_broken = text.count("\ufffd")
    n_good = len(text) - len(text.encode("ascii", "ignore")) - n_broken
    return [text] if n_broken <= n_good * _MAX_BROKEN_SHARE or n_broken == 1 < n_good else []


def _western(data: bytes) -> list[str]:
    """Return cp1252 where its words look Western: another alphabet's would be made of letters beyond ASCII alone."""
    texts = _decoded(data, "cp1252")
    return [text for text in texts if _foreign_share(text) <= _MAX_FOREIGN_SHARE]


def _foreign_share(text: str) -> float:
    words = [word for word in text.split() if not word.isascii()]
    letters = [character for word in words for character in word if character.isalpha()]
    return sum(not letter.isascii() for letter in letters) / max(1, len(letters))


def _guessed(data: bytes) -> list[str]:
    """Return the best guess at a legacy character set, from the first of the bytes; none where nothing fits."""
    best = from_bytes(data[:_GUESS_BYTES]).best()
    return _decoded(data, best.encoding) if best is not None else []


_GUESS_BYTES = 65_536


def _utf16(data: bytes) -> str | None:
    """Return the UTF-16 variant of Latin text without a byte order mark (every other byte is NUL), or ``None``."""
    head = data[:4096]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = head[offset::2]
        if len(high) > 1 and high.count(0) > 0.7 * len(high) and 0 not in head[1 - offset :: 2]:
            return name
    return None
