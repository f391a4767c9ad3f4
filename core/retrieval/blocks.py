"""The blocks of a text, cut into parts that can be quoted: sentences, list items, table rows, code, chat messages.

A part names the parts it cannot be understood without: the line that introduces its list, the item it is nested in,
the header of its table, the sentence it refers back to. Headings, questions of a FAQ, tables of contents, front
matter, rules, fences and orders to a language model are no parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from core.retrieval.block_lines import MarkedLines
from core.retrieval.markup import shown, unmarked
from core.retrieval.outline import is_chat
from core.retrieval.sentences import sentences

PartKind = Literal["sentence", "item", "row", "code", "message"]

_NUMBERING = re.compile(
    r"[\W_]*+(?:(?:Arts?|Artigo|Cap|Sec|Section|Rule|Regra|Item|n)[\W_]*+)?\d[\d.]*+[ºª°]?[\W_]*+$", re.IGNORECASE
)
_MAX_NUMBERING_CHARS = 30
_ORDINAL = re.compile(r"(?:§ ?|Art[.º]? ?|Artigo )?\d{1,4}(?:[.)]|[ºª°][.)]?)$")
"""A paragraph that is only the number of the one after it, as laws written in HTML have them."""

_BACK = re.compile(
    r"(?:It|They|He|She|This|These|That|Those|Such|Its|Their|His|Her|Both|In (?:this|that|these|such|the latter) cases?"
    r"|If (?:so|not)|After (?:this|that)|Ele|Ela|Eles|Elas|Este|Esta|Estes|Estas|Esse|Essa|Esses|Essas|Isto|Isso|Nesse"
    r"|Nessa|Neste|Nesta|Nesses|Nestes|Depois disso|Por isso|Se (?:sim|não)|Ambos|Ambas|Abrem?|Acontecem?|Começam?"
    r"|Custam?|Duram?|É|Está|Estão|Exigem?|Fecham?|Ficam?|Foi|Foram|Incluem?|Inclui|Paga-se|Podem?|São|Terminam?|Tem|Têm)\b"
)
"""How a sentence starts that says nothing alone; Portuguese leaves the subject out."""

_FINISHED = re.compile(r"[.!?…][\"'”’»)\]]*$")
"""How a sentence ends. A line that ends otherwise, right before a list, a table or code, introduces it."""

_BELOW = re.compile(r"\b(?:below|(?:as|the) following|as follows|abaixo|a seguir|seguintes?)\b", re.IGNORECASE)
"""What a finished sentence says that introduces the list, the table or the code after it."""

_NARROWING = re.compile(
    r"(?:But|However|Except|Unless|Otherwise|Though|Although|Note|Exception|Only|Instead|Mas|Porém|Contudo|Entretanto"
    r"|No entanto|Exceto|Salvo|Exceção|A não ser|Caso contrário|Todavia|Atenção|Observação|Obs|Já|Só|Somente|Apenas)\b"
)
"""How a sentence starts that takes back or narrows what the one before it says."""

_DISREGARD = r"(?<!not )(?<!n't )(?<!n’t )(?<!não )\b(?:ignor[ea]|disregard|forget|desconsider[ae]|esque[cç]a)\b"
_ORDER = re.compile(
    rf"{_DISREGARD}[^.!?\n]{{0,40}}\b(?:previous|prior|above|earlier|your|anteriores?|acima|suas?)\b"
    r"[^.!?\n]{0,20}\b(?:instructions?|prompts?|orders|instruç(?:ão|ões)|ordens)\b"
    rf"|{_DISREGARD}[^.!?\n]{{0,20}}\b(?:instructions|prompt|instruções|ordens)\b"
    r"[^.!?\n]{0,20}\b(?:above|before|anteriores|acima)\b"
    rf"|{_DISREGARD}[^.!?\n]{{0,25}}\b(?:above|acima|everything|tudo)[, ]{{1,2}}(?:and|e) "
    r"(?:say|tell|reply|answer|respond|write|print|diga|fale|responda|escreva|conte)\b"
    r"|\b(?:from now on|you are now|a partir de agora|você agora é),?[^.!?\n]{0,30}"
    r"\b(?:answer|reply|respond|responda)\b",
    re.IGNORECASE,
)
"""Orders to a language model, which some texts hide: nobody is shown them as an answer."""

_LOCAL_LINK = re.compile(
    r"!?\[[^\]\n]{0,300}\]\((?!https?://|mailto:)(?:[^()\n]|\([^()\n]*\)){0,300}\)|`[^`<\n]{1,200}<[^>\n]{1,300}>`_++"
    r"|\[\[[^\]\n]{1,200}\]\]|<a\b[^>\n]{0,300}>[^<\n]{0,200}</a>"
)
_CONTENTS_ITEMS, _CONTENTS_SHARE = 3, 0.8
"""A list of at least so many items, this share of which are nothing but links within the documents, lists contents."""

_COUNTS = re.compile(r"[\s|\x1f]*\d")
"""How a row begins that is no header unless a rule is below it: with a time, a date or a number."""

_TITLE = re.compile(r"(?:\w[\w'’-]{0,30}: )?[A-ZÀ-Ý][^\d@/.!?:;]{0,60}$")
_MAX_TITLE_WORDS = 6
"""A line of at most so many words, without any sign of a sentence, that stands right above a paragraph titles it."""

_WORD, _WORDS = re.compile(r"\w"), re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class QuotePart:
    """A piece of a text that is quoted whole, ``text[start:end]``, of one block and one section (both count from 0).

    ``heading`` is the nearest heading or question above it. ``needs`` are the places, in the list of all parts, of
    those that have to be quoted with it. ``leads``: it introduces what follows and says nothing alone. ``narrows``:
    it limits what the part before it says.
    """

    kind: PartKind
    start: int
    end: int
    block: int
    section: int
    heading: str = ""
    needs: tuple[int, ...] = ()
    leads: bool = False
    narrows: bool = False


def ends_as_sentence(said: str) -> bool:
    """Return whether a text ends as a sentence does; the end of a line alone ended any other."""
    return bool(_FINISHED.search(said))


class MarkedText:
    """A text, its markup masked (``core.retrieval.markup``), and its parts in order. Linear time.

    ``heading`` is what its beginning stands under; ``is_start``: it is the beginning of its document.
    """

    def __init__(self, text: str, heading: str = "", is_start: bool = True) -> None:
        self.text = text
        self.masked = unmarked(text)
        self.parts = tuple(_BlockReader(text, self.masked, heading).read(is_start))


class _BlockReader:
    """Reads a text line by line. Each method that reads a block returns the first line that it did not read."""

    def __init__(self, text: str, masked: str, heading: str) -> None:
        self._text, self._masked, self._heading = text, masked, heading
        self._lines = MarkedLines(text, masked)
        self._section, self._block = 0, -1
        self._numbering: int | None = None  # where a number began that belongs to the paragraph to come
        self._parts: list[QuotePart] = []
        self._lead: int | None = None  # the part that introduces the block to come
        self._cut_table = -1  # the line where a table would begin whose header was cut off

    def read(self, is_start: bool) -> list[QuotePart]:
        i = self._lines.front_matter_end() if is_start else 0
        self._cut_table = -1 if is_start else self._lines.skip_blank(0)
        if is_chat(self._masked):
            for line in self._lines.between(i, len(self._lines)):
                self._block = 0
                self._add("message", line.start, line.end)
            return self._parts
        while i < len(self._lines):
            i = self._next(i)
        return self._parts

    def _next(self, i: int) -> int:
        line = self._lines[i]
        if line.fence:
            return self._code(i)
        heading, n_lines = ("", 0) if line.is_empty else self._lines.heading(i)
        if n_lines:
            self._heading, self._section = heading, self._section + 1
            self._lead = self._numbering = None
            return i + n_lines
        if line.is_blank:
            return i + 1
        if line.is_rule:
            return i + 1
        if self._lines.is_row(i):
            return self._table(i)
        return self._list(i) if line.item_end else self._paragraph(i)

    def _code(self, i: int) -> int:
        last = self._lines.code_end(i)
        if _WORD.search(self._masked, self._lines[i].end, self._lines[last].end):
            needs = self._introduced()
            self._block += 1
            self._add("code", self._lines[i].start, self._lines[last].end, needs)
        return last + 1

    def _table(self, i: int) -> int:
        needs = self._introduced()
        self._block += 1
        header: int | None = None
        has_rule = i + 1 < len(self._lines) and self._lines[i + 1].is_rule
        is_headed = has_rule or (i != self._cut_table and not _COUNTS.match(self._lines[i].text))
        while i < len(self._lines) and not (self._lines[i].is_blank and self._lines[i].is_empty):
            line = self._lines[i]
            if not (line.is_rule or line.is_blank):
                if not self._lines.is_row(i):
                    break
                place = self._add("row", line.start, line.end, needs, leads=is_headed and header is None)
                if is_headed and header is None and place is not None:
                    header, needs = place, (*needs, place)
            i += 1
        return i

    def _list(self, i: int) -> int:
        """Read a list with what is nested in it; a table of contents leaves no parts."""
        intro = self._introduced()
        self._block += 1
        first, n_items, n_links = len(self._parts), 0, 0
        above: list[tuple[int, int]] = []  # (indent, place) of the items that the next one may be nested in
        while i < len(self._lines) and self._lines[i].item_end:
            line, following = self._lines[i], self._lines.item_end(i)
            content, end = line.start + line.item_end, self._lines[following - 1].end
            above = [(indent, place) for indent, place in above if indent < line.indent]
            needs = (*intro, *(place for _, place in above))
            leads = shown(self._masked[content:end]).endswith(":")
            if (
                _WORD.search(self._masked, content, end)
                and (place := self._add("item", line.start, end, needs, leads)) is not None
            ):
                above.append((line.indent, place))
                n_items += 1
                n_links += self._is_only_links(content, end)
            after = self._lines.skip_blank(following)
            i = after if after < len(self._lines) and self._lines[after].item_end else following
        if n_items >= _CONTENTS_ITEMS and n_links >= _CONTENTS_SHARE * n_items:
            del self._parts[first:]
        elif len(self._parts) > first and shown(self._masked[self._parts[-1].start : self._parts[-1].end]).endswith(
            ":"
        ):
            self._lead = len(self._parts) - 1  # of the code or the table that comes next
        return i

    def _paragraph(self, i: int) -> int:
        first = self._lines[i]
        end, i = first.end, i + 1
        while i < len(self._lines) and not (line := self._lines[i]).is_blank:
            if line.fence or line.begins_block or line.is_rule or self._lines.is_row(i):
                break
            end, i = line.end, i + 1
        start = first.start + first.heading_start  # of a price with the marks of a heading
        said = shown(self._masked[start:end])
        if self._is_paragraph(i) and _ORDINAL.match(said):
            self._numbering = start if self._numbering is None else self._numbering
            return i
        needs, self._block = self._introduced(), self._block + 1
        if not self._is_only_links(start, end) and not _ORDER.search(self._masked, start, end):
            self._sentences(start, end, self._introduces(i), needs)
            is_title = len(said.split()) <= _MAX_TITLE_WORDS and _TITLE.match(said) and self._is_paragraph(i)
            if is_title and self._lead is None and self._parts[-1].block == self._block:
                self._lead = len(self._parts) - 1
                self._parts[-1] = replace(self._parts[-1], leads=True)
        return i

    def _is_paragraph(self, i: int) -> bool:
        """Return whether a paragraph begins at the first line from ``i`` on that is not blank."""
        i = self._lines.skip_blank(i)
        return i < len(self._lines) and not (self._introduces(i) or self._lines[i].is_rule or self._lines.heading(i)[1])

    def _introduces(self, i: int) -> bool:
        """Return whether a list, a table or code begins at the first line from ``i`` on that is not blank."""
        i = self._lines.skip_blank(i)
        return i < len(self._lines) and bool(self._lines[i].item_end or self._lines[i].fence or self._lines.is_row(i))

    def _sentences(self, start: int, end: int, introduces: bool, intro: tuple[int, ...]) -> None:
        """Add the sentences of a paragraph; ``intro`` are the parts that introduce it."""
        last: int | None = None
        is_asked = False  # whether the last sentence is a question, which the next one may answer
        numbering, self._numbering = self._numbering, None  # where a number began that belongs to the sentence after it
        for span in sentences(self._masked[start:end]):
            begin, stop = start + span.start, start + span.end
            said = shown(self._masked[begin:stop])
            if len(said) <= _MAX_NUMBERING_CHARS and _NUMBERING.match(said) and stop < end:
                numbering = begin if numbering is None else numbering
                continue
            needs = intro if last is None else (last,) if is_asked or _BACK.match(said) else ()
            is_asked = said.endswith("?")
            is_last = not _WORD.search(self._masked, stop, end)
            announces = not _FINISHED.search(said) or bool(_BELOW.search(said))
            leads = is_asked or (is_last and (said.endswith(":") or (introduces and announces)))
            narrows = last is not None and bool(_NARROWING.match(said))
            place = self._add("sentence", begin if numbering is None else numbering, stop, needs, leads, narrows)
            last, numbering = (last if place is None else place), None
        if last is not None and self._parts[last].leads:
            self._lead = last

    def _introduced(self) -> tuple[int, ...]:
        """Return the parts that introduce the block that begins now."""
        lead, self._lead = self._lead, None
        return () if lead is None else (*self._parts[lead].needs, lead)

    def _add(
        self,
        kind: PartKind,
        start: int,
        end: int,
        needs: tuple[int, ...] = (),
        leads: bool = False,
        narrows: bool = False,
    ) -> int | None:
        """Add a part, without the white space around it, and return its place.

        ``None`` for one without words, and for orders to a model.
        """
        if not _WORD.search(self._masked, start, end) or _ORDER.search(self._masked, start, end):
            return None
        end = start + len(self._masked[start:end].rstrip())
        start = end - len(self._masked[start:end].lstrip())
        self._parts.append(
            QuotePart(kind, start, end, self._block, self._section, self._heading, needs, leads, narrows)
        )
        return len(self._parts) - 1

    def _is_only_links(self, start: int, end: int) -> bool:
        """Return whether a piece is links within the documents, and at most two words."""
        raw = self._text[start:end]
        return bool(_LOCAL_LINK.search(raw)) and len(_WORDS.findall(_LOCAL_LINK.sub("", raw))) <= 2
