"""Reading Rich Text Format (RTF 1.9.1): headings by outline level or style name, lists, tables, footnotes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText, one_line, telling_title
from core.knowledge.formats.rtf_charset import CHARSETS, FONT_CHARSETS, RtfDecoder

_TOKEN = re.compile(
    rb"\\(?:(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})?[ ]?|'(?P<hex>[0-9a-fA-F]{2})|(?P<sign>[^a-zA-Z']))"
    rb"|(?P<open>\{)|(?P<close>\})|[\r\n]+|(?P<text>[^\\{}\r\n]+)"
)
_SKIPPED = frozenset(
    re.findall(
        rb"\w+",
        b"fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf"
        b" fldinst listtable listoverridetable revtbl rsidtbl generator themedata colorschememapping latentstyles"
        b" datastore xmlnstbl annotation atnid atnauthor bkmkstart bkmkend pgptbl filetbl nonshppict mmathPr"
        b" ftnsep ftnsepc aftnsep aftnsepc wgrffmtfilter pntext",
    )
)
_SIGNS = {
    b"par": "\n",
    b"line": "\n",
    b"tab": " ",
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"emspace": " ",
    b"enspace": " ",
    b"~": " ",
    b"_": "-",
    b"\n": "\n",
    b"\r": "\n",
    b"\\": "\\",
    b"{": "{",
    b"}": "}",
}
_MAX_DEPTH = 500
_HEADING_STYLE = re.compile(r"(?:heading|t[íi]tulo) ([1-9])\s*;?$", re.IGNORECASE)
_MARKER = re.compile(r"\s*(?:(\d{1,4})[.)]|\S{1,4})\s*")


@dataclass(frozen=True, slots=True)
class _GroupState:
    """What a group inherits: where its text goes, its font's charset, how many bytes stand for one Unicode sign."""

    target: str = "text"
    charset: str = ""
    n_substitutes: int = 1
    is_hidden: bool = False


@dataclass(slots=True)
class _RtfParagraph:
    level: int | None = None
    depth: int = 0
    is_cell: bool = False


@dataclass(slots=True)
class _Streams:
    """Text by where it belongs: ``text``, ``title``, ``note``, ``marker`` (of a list item), ``style``, ``font``."""

    pieces: dict[str, list[str]] = field(default_factory=dict)

    def add(self, target: str, text: str) -> None:
        self.pieces.setdefault(target, []).append(text)

    def take(self, target: str) -> str:
        text = "".join(self.pieces.pop(target, []))
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read(data: bytes, name: str) -> ReadText:
    """Return a document's title and text. Raises ``BadInput`` when it is damaged or nested without end."""
    if not data.lstrip()[:6].startswith(b"{\\rtf"):
        raise BadInput("knowledge.damaged", name=name)
    reader = _RtfReader(name)
    for match in _TOKEN.finditer(data):
        reader.token(match)
    text = reader.finish()
    return ReadText(telling_title(reader.title), text)


class _RtfReader:
    def __init__(self, name: str) -> None:
        self.title = ""
        self._name = name
        self._out = DocumentText(name)
        self._state = _GroupState()
        self._stack: list[_GroupState] = []
        self._streams = _Streams()
        self._paragraph = _RtfParagraph()
        self._charset, self._fonts, self._font = "cp1252", dict[int, str](), 0
        self._levels: dict[int, int] = {}  # heading levels by style number
        self._style = 0
        self._row: list[str] = []
        self._rows: list[list[str]] = []
        self._notes: list[str] = []
        self._n_notes = 0
        self._n_skipped = 0  # bytes to be skipped after a Unicode sign
        self._decoder = RtfDecoder()

    def token(self, match: re.Match[bytes]) -> None:
        """Take in one token of the file."""
        if match["open"]:
            if len(self._stack) >= _MAX_DEPTH:
                raise BadInput("knowledge.damaged", name=self._name)
            self._stack.append(self._state)
        elif match["close"]:
            self._close()
        elif match["word"]:
            self._word(match["word"], int(match["number"]) if match["number"] else None)
        elif match["hex"]:
            self._bytes(bytes.fromhex(match["hex"].decode()))
        elif match["sign"]:
            self._sign(match["sign"])
        elif match["text"]:
            self._bytes(match["text"])

    def finish(self) -> str:
        """Return the text of the whole document."""
        self._end_paragraph()
        self._end_table()
        return self._out.text()

    def _close(self) -> None:
        before, self._state = self._state, self._stack.pop() if self._stack else _GroupState()
        if before.target == "style":
            if match := _HEADING_STYLE.search(self._streams.take("style").strip()):
                self._levels[self._style] = int(match[1])
        elif before.target == self._state.target:
            return
        elif before.target == "title":
            self.title = self._streams.take("title")
        elif before.target == "note":
            self._n_notes += 1
            self._notes.append(f"[^{self._n_notes}]: {one_line(self._streams.take('note'))}")
            self._streams.add(self._state.target, f"[^{self._n_notes}]")

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._to("skipped")
        elif sign in _SIGNS:
            self._say(_SIGNS[sign])

    def _word(self, word: bytes, number: int | None) -> None:
        handler = _HANDLERS.get(word)
        if handler is not None:
            getattr(self, handler)(number or 0)
        elif word == b"stylesheet":
            self._to("style")
        elif word == b"fonttbl":
            self._to("font")
        elif word in (b"title", b"footnote", b"listtext", b"info"):
            self._to({b"title": "title", b"footnote": "note", b"listtext": "marker", b"info": "skipped"}[word])
        elif word in _SKIPPED:
            self._to("skipped")
        elif word in CHARSETS:
            self._charset = CHARSETS[word]
        elif word == b"v":
            self._state = replace(self._state, is_hidden=number != 0)
        elif word in _SIGNS:
            self._say(_SIGNS[word])

    def _to(self, target: str) -> None:
        is_known = target in ("title", "note") and self._state.target in ("text", "skipped")
        if self._state.target == "text" or (is_known and target == "title"):
            self._state = replace(self._state, target=target)

    # --- control words ----------------------------------------------------------------------------

    def _unicode(self, number: int) -> None:
        self._n_skipped = 0
        code = number % 65536
        self._say(chr(code))
        self._n_skipped = self._state.n_substitutes

    def _substitutes(self, number: int) -> None:
        self._state = replace(self._state, n_substitutes=min(max(number, 0), 8))

    def _code_page(self, number: int) -> None:
        self._charset = f"cp{number}"

    def _choose_font(self, number: int) -> None:
        self._font = number
        if self._state.target != "font":
            self._state = replace(self._state, charset=self._fonts.get(number, ""))

    def _font_charset(self, number: int) -> None:
        if self._state.target == "font" and number in FONT_CHARSETS:
            self._fonts[self._font] = FONT_CHARSETS[number]

    def _plain(self, _: int) -> None:
        self._state = replace(self._state, charset="", is_hidden=False)

    def _begin_paragraph(self, _: int) -> None:
        if self._state.target == "text":
            self._paragraph = _RtfParagraph()

    def _in_table(self, _: int) -> None:
        self._paragraph.is_cell = True

    def _choose_style(self, number: int) -> None:
        self._style = number
        if self._state.target == "text":
            self._paragraph.level = self._levels.get(number)

    def _outline(self, number: int) -> None:
        if self._state.target == "style" and number < 9:
            self._levels[self._style] = number + 1
        elif self._state.target == "text" and number < 9:
            self._paragraph.level = number + 1

    def _list_depth(self, number: int) -> None:
        self._paragraph.depth = number

    def _end_paragraph(self, _: int = 0) -> None:
        if self._state.target != "text":
            self._say("\n")
            return
        if self._paragraph.is_cell:
            self._streams.add("text", " ")
            return
        self._end_table()
        text, marker = self._streams.take("text"), self._streams.take("marker")
        if self._paragraph.level is not None:
            self._out.heading(self._paragraph.level + 1, f"{marker} {text}")
        elif marker.strip() and (match := _MARKER.match(marker)):
            self._out.item(text, self._paragraph.depth, f"{match[1]}." if match[1] else "-")
        else:
            self._out.paragraph(text)
        self._flush_notes()

    def _end_cell(self, _: int) -> None:
        self._row.append(one_line(self._streams.take("marker") + self._streams.take("text")))

    def _end_row(self, _: int) -> None:
        self._rows.append(self._row)
        self._row = []
        self._paragraph.is_cell = False

    def _end_table(self) -> None:
        if self._rows:
            self._out.table(self._rows)
            self._rows = []
            self._flush_notes()

    def _flush_notes(self) -> None:
        for note in self._notes:
            self._out.paragraph(note)
        self._notes.clear()

    # --- text -------------------------------------------------------------------------------------

    def _bytes(self, data: bytes) -> None:
        skipped = min(self._n_skipped, len(data))
        self._n_skipped -= skipped
        charset = self._state.charset or self._charset
        self._say(self._decoder.decode(data[skipped:], charset))

    def _say(self, text: str) -> None:
        if self._state.target != "skipped" and not self._state.is_hidden:
            self._streams.add(self._state.target, text)


_HANDLERS = {
    b"u": "_unicode",
    b"uc": "_substitutes",
    b"ansicpg": "_code_page",
    b"f": "_choose_font",
    b"fcharset": "_font_charset",
    b"plain": "_plain",
    b"pard": "_begin_paragraph",
    b"intbl": "_in_table",
    b"s": "_choose_style",
    b"outlinelevel": "_outline",
    b"ilvl": "_list_depth",
    b"par": "_end_paragraph",
    b"sect": "_end_paragraph",
    b"page": "_end_paragraph",
    b"cell": "_end_cell",
    b"row": "_end_row",
}
