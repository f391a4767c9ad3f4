"""Character sets of RTF: by control word, by the number of a font's charset, by code page."""

from __future__ import annotations

import codecs

CHARSETS = {b"mac": "mac-roman", b"pc": "cp437", b"pca": "cp850"}
FONT_CHARSETS = {
    128: "cp932",
    129: "cp949",
    134: "gb2312",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}


class RtfDecoder:
    """Decodes bytes in one character set at a time; unknown ones count as cp1252."""

    def __init__(self) -> None:
        self._charset = ""
        self._decoder = codecs.getincrementaldecoder("cp1252")("replace")

    def decode(self, data: bytes, charset: str) -> str:
        """Return text; the first half of a character of two bytes waits for the other."""
        if charset != self._charset:
            try:
                self._decoder = codecs.getincrementaldecoder(charset)("replace")
            except LookupError:
                self._decoder = codecs.getincrementaldecoder("cp1252")("replace")
            self._charset = charset
        return self._decoder.decode(data)
