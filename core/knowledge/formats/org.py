"""Reading Org (Emacs Org-mode): headlines, lists, tables, blocks, links, footnotes; drawers are left out."""

from __future__ import annotations

import re

from core.knowledge.formats.document_text import DocumentText, ReadText, one_line

_HEADLINE = re.compile(r"(\*{1,30})[ \t]+(?:(?:TODO|DONE|WAITING|NEXT|CANCELLED)[ \t]+)?(?:\[#\w\][ \t]+)?(.*)")
_TAGS = re.compile(r"(?<![ \t])[ \t]+:[\w@#%:]+:[ \t]*$")
_SETTING = re.compile(r"#\+(\w+):[ \t]*(.*)", re.IGNORECASE)
_BEGIN = re.compile(r"[ \t]*#\+begin_(\w+)[ \t]*(.*)", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:([\w-]+):[ \t]*$")
_PLANNING = re.compile(r"[ \t]*(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):[ \t]*[<\[]")
_ITEM = re.compile(r"([ \t]*)([-+]|\d{1,4}[.)]|(?<=[ \t])\*)[ \t]+(?:\[[ X-]\][ \t]+)?(.*)")
_RULE = re.compile(r"[ \t]*(?:-{5,}$|#(?:[ \t]|$))")
_DIVIDER = re.compile(r"[ \t]*\|[-+|]*$")
_MAX_DRAWER_LINES = 200
_VERBATIM = frozenset({"src", "example", "export", "latex", "html"})
_INLINE = (
    (re.compile(r"\[\[(https?://[^\[\]\n]{1,400})\]\[([^\[\]\n]{1,400})\]\]"), r"[\2](\1)"),
    (re.compile(r"\[\[[^\[\]\n]{1,400}\]\[([^\[\]\n]{1,400})\]\]"), r"\1"),
    (re.compile(r"\[\[([^\[\]\n]{1,400})\]\]"), r"\1"),
    (re.compile(r"\[fn:[\w-]{0,40}:([^\[\]\n]{1,1000})\]"), r" (\1)"),
    (re.compile(r"\[fn:([\w-]{1,40})\]"), r"[^\1]"),
    (re.compile(r"(?<![\w/*+_=~])[=~](\S(?:[^=~\n]{0,300}\S)?)[=~](?![\w=~])"), r"`\1`"),
    (re.compile(r"(?<![\w*])\*(\S(?:[^*\n]{0,300}\S)?)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w/:])/(\S(?:[^/\n]{0,300}\S)?)/(?![\w/])"), r"\1"),
    (re.compile(r"<<<?[^<>\n]{1,100}>>>?"), ""),
)


def read(text: str, name: str) -> ReadText:
    """Return a document's title and text. Raises ``BadInput`` when the text is too long."""
    reader = _OrgReader(text, name)
    return ReadText(None, "") if not text.strip() else ReadText(reader.title or None, reader.read())


class _OrgReader:
    def __init__(self, text: str, name: str) -> None:
        self._out = DocumentText(name)
        self._lines = text.split("\n")
        settings = [match for line in self._lines if (match := _SETTING.match(line))]
        self.title = one_line(" ".join(match[2] for match in settings if match[1].lower() == "title"))
        self._said: list[str] = []
        self._item: tuple[int, str] | None = None
        self._indents: list[int] = []

    def read(self) -> str:
        self._out.heading(1, self.title)
        i = 0
        while i < len(self._lines):
            i = self._line(i)
        self._flush()
        return self._out.text()

    def _line(self, i: int) -> int:
        line = self._lines[i].rstrip()
        if match := _BEGIN.match(line):
            return self._block(i, match[1].lower(), match[2])
        if _DRAWER.match(line):
            return self._drawer_end(i)
        if line.lstrip().startswith("|"):
            return self._table(i)
        if not line.strip() or _SETTING.match(line) or _PLANNING.match(line) or _RULE.match(line):
            self._flush()
        elif match := _HEADLINE.match(line):
            self._flush()
            self._indents.clear()
            self._out.heading(len(match[1]) + bool(self.title), _inline(_TAGS.sub("", match[2])))
        elif match := _ITEM.match(line):
            self._begin_item(len(match[1].expandtabs(8)), match[2], match[3])
        else:
            if not line[0].isspace() and self._item is None:
                self._indents.clear()
            self._said.append(line.strip())
        return i + 1

    def _drawer_end(self, i: int) -> int:
        """Return the line after a drawer; the next one where it is not closed within ``_MAX_DRAWER_LINES``."""
        within = range(i + 1, min(i + _MAX_DRAWER_LINES, len(self._lines)))
        return next((j + 1 for j in within if self._lines[j].strip().upper() == ":END:"), i + 1)

    def _begin_item(self, indent: int, mark: str, text: str) -> None:
        self._flush()
        self._indents = [each for each in self._indents if each < indent] + [indent]
        self._item = (len(self._indents) - 1, f"{mark[:-1]}." if mark[0].isdecimal() else "-")
        self._said = [text.replace(" :: ", ": ", 1)]

    def _flush(self) -> None:
        text = _inline("\n".join(self._said))
        self._said = []
        if self._item is not None:
            self._out.item(text, *self._item)
            self._item = None
        else:
            self._out.paragraph(re.sub(r"^(\[\^[\w-]+\])[ \t]", r"\1: ", text))

    def _block(self, i: int, kind: str, about: str) -> int:
        self._flush()
        end = self._find(i, re.compile(rf"[ \t]*#\+end_{re.escape(kind)}[ \t]*$", re.IGNORECASE))
        inside = self._lines[i + 1 : end]
        if kind in _VERBATIM:
            language = about.split()[0] if kind == "src" and about.split() else ""
            self._out.code("\n".join(inside), language if language.isalnum() else "")
        elif kind != "comment":
            self._out.paragraph(_inline("\n".join(line.strip() for line in inside)))
        return end + 1

    def _table(self, i: int) -> int:
        self._flush()
        end = i
        while end < len(self._lines) and self._lines[end].lstrip().startswith("|"):
            end += 1
        rows = [line.strip().strip("|").split("|") for line in self._lines[i:end] if not _DIVIDER.match(line)]
        self._out.table([[_inline(cell) for cell in row] for row in rows])
        return end

    def _find(self, i: int, pattern: re.Pattern[str]) -> int:
        return next((j for j in range(i + 1, len(self._lines)) if pattern.match(self._lines[j])), len(self._lines))


def _inline(text: str) -> str:
    for pattern, shown in _INLINE:
        text = pattern.sub(shown, text)
    return text
