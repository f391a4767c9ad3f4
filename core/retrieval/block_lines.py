"""The lines of a text with its markup masked, and what begins at each: a heading, a list item, a table row, code.

Does not cover what the lines amount to (``core.retrieval.blocks``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from core.retrieval.latex import REMOVED
from core.retrieval.markup import shown
from core.retrieval.statute import division

_HEADING = re.compile(
    r"[ \t\x1f]*+(#{1,6})[ \t\x1f]++(?P<text>.*\S)|[ \t\x1f]*+(={2,5})(?P<wiki>[^=].*?)={2,5}[ \t\x1f]*$"
)
_HTML_HEADING, _HTML_END = (
    re.compile(r"<?h[1-6]\b[^>\n]*>\s*$", re.IGNORECASE),
    re.compile(r"<?/h[1-6]>", re.IGNORECASE),
)
_MAX_HTML_LINES = 10
"""Lines that the text of a heading in HTML may take, those of its tags with it; masking ends a line at a tag."""

_UNDERLINE = re.compile(r"[ ]{0,3}([=\-~^\"*+#])\1{2,}[ \t\x1f]*$")
_MAX_HEADING_CHARS = 120
_BOLD = re.compile(r"\s*(?:\*\*|__)[^*\n]{2,120}(?:\*\*|__):?\s*$")
_ASKED = re.compile(r"\s*(?:Q|P|Question|Pergunta)\s?\d{0,3}[.:)]", re.IGNORECASE)
_FENCE = re.compile(r"[ \t>]*(?P<mark>```+|~~~+)[^`\n]*$")
_ITEM = re.compile(
    r"[ \t\x1f]*(?:[-*+•–◦▪]|\d{1,3}(?:\.\d{1,2})*[.)]|\(?[a-z]\)|[ivxIVX]{1,5}(?:[.)]|[ ]?[-–](?=[ ])))"
    r"(?=[ \t\x1f]|$)"
)
_RULE = re.compile(r"[\s|:=*_~`+-]*$")
_DIVIDER = re.compile(r"(?=[\s:|-]*+$)[^-]*+-[^|]*+\|")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_LETTER = re.compile(r"[^\W\d_]")
_KEY = re.compile(r"[a-z][\w-]{0,30}:(?: |$)")
_FIELD = re.compile(r"[ \t#\[-]|\s*$|[\w.-]{1,40}[ \t]{0,4}[:=]", re.ASCII)
"""How a line of front matter begins: a key, what belongs to the key above, or a comment."""

_FRONT_KEYS = frozenset(
    re.findall(r"\w+", "title layout id sidebar_position description nav permalink slug tags date author icon")
)
_MAX_FRONT_LINES = 80
_MAX_BESIDE = 7
"""Lines that a row of a table is looked for in, beside another: LaTeX has rules and ends of rows between them."""


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """A line, ``masked[start:end]``; ``raw`` is the same piece of the text before masking."""

    start: int
    end: int
    text: str
    raw: str

    @property
    def is_blank(self) -> bool:
        """Return whether nothing of it is shown."""
        return not self.text.strip()

    @property
    def is_empty(self) -> bool:
        """Return whether it is empty in the text itself, not only after its markup was masked (a rule of LaTeX)."""
        return not self.raw.strip()

    @property
    def indent(self) -> int:
        """Return how many columns it is indented by, a tab being up to 4."""
        bare = self.text.replace(REMOVED, "").expandtabs(4)
        return len(bare) - len(bare.lstrip())

    @property
    def is_rule(self) -> bool:
        """Return whether it is drawn of signs: a thematic break, the line below a table's header."""
        return bool(_RULE.match(self.text))

    @property
    def fence(self) -> str:
        """Return the fence of a code block that it opens or closes; empty for any other line."""
        match = _FENCE.match(self.text)
        return match["mark"] if match else ""

    @property
    def item_end(self) -> int:
        """Return where the mark of the list item that it begins ends, counted in ``text``; 0 for any other line."""
        match = _ITEM.match(self.text)
        return match.end() if match else 0

    @property
    def heading_start(self) -> int:
        """Return where the text after the marks of a heading begins, counted in ``text``; 0 for any other line."""
        match = _HEADING.match(self.text)
        return max(match.start("text"), match.start("wiki")) if match else 0

    @property
    def begins_block(self) -> bool:
        """Return whether a list item or a heading begins with it."""
        return bool(self.item_end or self.heading_start)


class MarkedLines:
    """The lines of ``text``, masked as ``masked``. ``i`` counts them from 0."""

    def __init__(self, text: str, masked: str) -> None:
        spans = (match.span() for match in re.finditer(r"(?<![^\n])[^\n]*", masked))
        self._lines = [MarkedLine(start, end, masked[start:end], text[start:end]) for start, end in spans]

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, i: int) -> MarkedLine:
        return self._lines[i]

    def between(self, i: int, j: int) -> list[MarkedLine]:
        """Return lines ``i`` up to but not ``j``."""
        return self._lines[max(i, 0) : j]

    def heading(self, i: int) -> tuple[str, int]:
        """Return the heading, or the question of a FAQ, that begins at a line, and how many lines it takes; 0: none."""
        line = self._lines[i]
        if match := _HEADING.match(line.text):
            said = shown(match["text"] or match["wiki"]).strip("# ")
            return (said, 1) if _LETTER.search(said) or _YEAR.fullmatch(said) else ("", 0)  # a price is no heading
        if _HTML_HEADING.match(line.raw):
            return self._html_heading(i)
        said = shown(line.text)
        label, n_lines = division(line.text.replace(REMOVED, ""), self._lines[i + 1].text if i + 1 < len(self) else "")
        if n_lines:
            return label, n_lines
        if i + 1 == len(self) or len(said) > _MAX_HEADING_CHARS or line.item_end or "|" in said:
            return "", 0
        if _UNDERLINE.match(self._lines[i + 1].text):
            return said, 2
        is_bold = bool(_BOLD.match(line.raw)) and not said.endswith((".", "!"))
        is_heading = (is_bold or said.endswith("?")) and (self._is_alone(i) or bool(_ASKED.match(said)))
        return (said.rstrip(":"), 1) if is_heading else ("", 0)

    def _html_heading(self, i: int) -> tuple[str, int]:
        near = self.between(i + 1, i + _MAX_HTML_LINES)
        text = list(takewhile(lambda line: not _HTML_END.match(line.raw), near))
        said = " ".join(filter(None, (shown(line.text) for line in text)))
        return (said, len(text) + 1) if said and len(text) < len(near) else ("", 0)

    def is_row(self, i: int) -> bool:
        """Return whether a line is a row of a table."""
        text = self._lines[i].text.strip()
        if text.startswith("|") and text.count("|") > 1:
            return True
        if "|" not in text or self._lines[i].item_end:
            return False
        near = (*islice(self._beside(i, -1), 1), *islice(self._beside(i, 1), 2))
        return any(_DIVIDER.match(line.text) or line.text.count("|") == text.count("|") for line in near)

    def _beside(self, i: int, step: int) -> Iterator[MarkedLine]:
        """Yield the lines after (``1``) or before (``-1``) a line, without those that are only markup."""
        for j in range(i + step, i + step * _MAX_BESIDE, step):
            if not 0 <= j < len(self) or self._lines[j].is_empty:
                return
            if not self._lines[j].is_blank:
                yield self._lines[j]

    def code_end(self, i: int) -> int:
        """Return the line that closes the code block opened at ``i``, or the last one."""
        mark = self._lines[i].fence
        for j in range(i + 1, len(self)):
            text = self._lines[j].text.strip(" \t>")
            if text.startswith(mark) and not text.strip("`~"):
                return j
        return len(self) - 1

    def item_end(self, i: int) -> int:
        """Return the line after a list item: after the lines it goes on with and the paragraphs indented below it."""
        first, i = self._lines[i], i + 1
        is_empty = not shown(first.text[first.item_end :])
        while i < len(self):
            line = self._lines[i]
            if line.is_blank:
                following = next((each for each in self.between(i + 1, i + 3) if not each.is_blank), None)
                if following is None or not (following.indent > first.indent or is_empty) or following.begins_block:
                    return i
            elif line.begins_block:
                return i
            elif line.fence:
                if line.indent <= first.indent and self._lines[i - 1].is_blank:
                    return i
                i = self.code_end(i)
            is_empty = is_empty and not shown(line.text)
            i += 1
        return i

    def skip_blank(self, i: int) -> int:
        """Return the first line from ``i`` on that is not blank."""
        return i + sum(1 for _ in takewhile(lambda line: line.is_blank, self._lines[i:]))

    def front_matter_end(self) -> int:
        """Return the line after the front matter at the start of a document; 0 without any."""
        first = self.skip_blank(0)
        if first == len(self):
            return 0
        mark = self._lines[first].raw.strip()
        if mark in ("---", "+++"):
            closing = range(first + 1, min(len(self), first + _MAX_FRONT_LINES))
            end = next((i for i in closing if self._lines[i].raw.strip() == mark), 0)
            return end + 1 if end and all(_FIELD.match(line.raw) for line in self.between(first + 1, end)) else 0
        if not (_KEY.match(mark) and mark.partition(":")[0] in _FRONT_KEYS):
            return 0
        return next((i for i in range(first, len(self)) if self._lines[i].is_blank), len(self))

    def _is_alone(self, i: int) -> bool:
        """Return whether a line begins a paragraph, with something below it."""
        begins = i == 0 or self._lines[i - 1].is_blank or self._lines[i - 1].is_rule
        return begins and any(not line.is_blank for line in self.between(i + 1, i + 3))
