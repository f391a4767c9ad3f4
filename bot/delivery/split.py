"""Splits a long Markdown text into parts of a platform's maximum length, without loss.

A cut falls between paragraphs, else lines, else lines of code, else sentences, else words, else inside a word. A
fenced code block that is cut is closed and reopened, within the limit; links, inline code, addresses, HTML entities
and emphasis stay whole unless one alone is longer than a part.

Invariant: ``text[part.start:part.end]`` of all parts, in order, is the text but for the gaps between them and its two
ends. A gap outside code is whitespace only; a gap inside code is one newline, or nothing where a single line of code
is longer than a part; code whose own fence lines take over half a part is cut as prose.
Does not cover how Markdown becomes a platform's own markup.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.markdown.fence import Fence, fences

Measure = Callable[[str], int]
"""How a platform counts the length of a text."""

MIN_LIMIT = 16
"""The least limit: room for a reopened fence and one character, whatever the measure."""


def utf16_units(text: str) -> int:
    """Return the length of ``text`` in UTF-16 code units, as Telegram counts: 2 for an emoji, 1 for ``é``."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, slots=True)
class SplitPart:
    """The piece ``[start, end)`` of a text, with the fence lines that close and reopen a code block cut there."""

    start: int
    end: int
    opening: str
    body: str
    closing: str

    def __str__(self) -> str:
        """Return what is sent."""
        return f"{self.opening}{self.body}{self.closing}"


def split(text: str, limit: int, measure: Measure = len) -> list[str]:
    """Cut ``text`` into parts of at most ``limit`` units of ``measure``; none when it is blank.

    A fence the text leaves open is closed. Raises ``ValueError`` when ``limit`` is under 16.
    """
    return [str(part) for part in cut(text, limit, measure)]


def cut(text: str, limit: int, measure: Measure = len) -> list[SplitPart]:
    """Return the parts of ``split`` with their offsets in ``text``."""
    if limit < MIN_LIMIT:
        raise ValueError(f"limit must be at least {MIN_LIMIT}, not {limit}")
    return list(_Cutter(text.rstrip(), limit, measure).parts())


# --- what is not cut -----------------------------------------------------------------------------


_WHOLE = re.compile(
    r"!?\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]\((?:[^()\s]|\([^()\s]*\))*(?:[ ]\"[^\"\n]*\")?\)"  # [text](address "title")
    r"|<[^<>\s][^<>\n]{0,1000}>"  # <https://address>, <@mention>, <b>
    r"|https?://[^\s<>]+"
    r"|&(?:[A-Za-z][A-Za-z0-9]{1,31}|\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6});"
    r"|\\[!-/:-@\[-`{-~]"  # an escaped character
    r"|\S\s*(?:`{3,}|~{3,})"  # three backticks within a line would open a block if a part began with them
)
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~~|\|\|)(?=\S)[^\n]{1,300}?(?<=\S)\1")
_BACKTICKS = re.compile(r"`+")

Span = tuple[int, int]


def _inline_code(text: str) -> Iterator[Span]:
    """Yield every run of backticks up to the next run of the same length in the same paragraph."""
    start = 0
    for paragraph in re.split(r"(\n\s*\n)", text):
        opened: dict[int, int] = {}
        for run in _BACKTICKS.finditer(text, start, start + len(paragraph)):
            length = run.end() - run.start()
            opener = opened.pop(length, None)
            if opener is None:
                opened[length] = run.start()
            else:
                yield opener, run.end()
                opened = {other: at for other, at in opened.items() if at < opener}
        start += len(paragraph)


def _fence_edges(text: str, fence: Fence) -> Iterator[Span]:
    """Yield the marker lines with the nearest character of code, so that no part holds an empty block."""
    body = text[fence.body_start : fence.body_end]
    first = fence.body_start + len(body) - len(body.lstrip())
    yield fence.start, min(first + 1, fence.end)
    if fence.closed:
        yield max(fence.start, fence.body_start + len(body.rstrip()) - 1), fence.end


@dataclass(frozen=True, slots=True)
class Spans:
    """Disjoint ascending ranges ``[start, end)`` of a text, inside which no cut may fall."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Spans:
        """Merge ``spans`` where they overlap."""
        merged: list[Span] = []
        for start, end in sorted(spans):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return cls(tuple(start for start, _ in merged), tuple(end for _, end in merged))

    def around(self, position: int) -> int | None:
        """Return the start of the span that ``position`` is strictly inside of, if any."""
        before = bisect_left(self.starts, position) - 1
        return self.starts[before] if before >= 0 and position < self.ends[before] else None


# --- where to cut --------------------------------------------------------------------------------

_GAP = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]*_]{0,3}$")
_PARAGRAPH, _LINE, _CODE_LINE, _SENTENCE, _WORD = range(5)
_LEAST_FULL = 0.25
"""A break this early in a part is passed over for a lower kind, or a heading would get a message of its own."""


@dataclass(frozen=True, slots=True)
class _Break:
    """A place to cut: the part ends at ``end``, the next begins at ``resume``."""

    kind: int
    end: int
    resume: int


class _Cutter:
    """Splits one text from left to right."""

    def __init__(self, text: str, limit: int, measure: Measure) -> None:
        self._text = text
        self._limit = limit
        self._measure = measure
        self._fences = [fence for fence in fences(text) if measure(fence.lines) <= limit // 2]
        prose = text
        for fence in self._fences:
            prose = prose[: fence.start] + "\n" * (fence.end - fence.start) + prose[fence.end :]
        whole = [match.span() for match in _WHOLE.finditer(prose)]
        whole += _inline_code(prose)
        whole += [edge for fence in self._fences for edge in _fence_edges(text, fence)]
        self._whole = Spans.of(whole)
        self._emphasised = Spans.of([*whole, *(match.span() for match in _EMPHASIS.finditer(prose))])

    def parts(self) -> Iterator[SplitPart]:
        """Yield the parts in order."""
        position = _skip_space(self._text, 0)
        while position < len(self._text):
            if self._fits(position, len(self._text)):
                yield self._part(position, len(self._text))
                return
            chosen = self._best_break(position)
            yield self._part(position, chosen.end)
            position = chosen.resume

    def _part(self, start: int, end: int) -> SplitPart:
        fence_before, fence_after = self._cut_fence(start), self._cut_fence(end)
        return SplitPart(
            start,
            end,
            opening=f"{fence_before.marker}{fence_before.tag}\n" if fence_before else "",
            body=self._text[start:end],
            closing=f"\n{fence_after.marker}" if fence_after else "",
        )

    def _cut_fence(self, position: int) -> Fence | None:
        """Return the code block that a cut at ``position`` falls inside, if any."""
        at = bisect_left(self._fences, position, key=lambda fence: fence.start) - 1
        return self._fences[at] if at >= 0 and self._fences[at].is_open_at(position) else None

    def _fits(self, start: int, end: int) -> bool:
        return self._measure(str(self._part(start, end))) <= self._limit

    def _reach(self, start: int) -> int:
        """Return the last possible end of a part from ``start``; one inside a whole span moves to its start."""

        def fits(end: int) -> bool:
            whole = self._whole.around(end)
            return self._fits(start, end if whole is None else max(whole, start + 1))

        return self._farthest(start, fits)

    def _farthest(self, start: int, fits: Callable[[int], bool]) -> int:
        """Return the last end after ``start`` that ``fits``, by exponential search."""
        fitting, step = start + 1, self._limit
        while (beyond := min(start + step, len(self._text))) < len(self._text) and fits(beyond):
            fitting, step = beyond, step * 2
        while beyond - fitting > 1:
            middle = (fitting + beyond) // 2
            if fits(middle):
                fitting = middle
            else:
                beyond = middle
        return fitting

    def _best_break(self, start: int) -> _Break:
        reach = self._reach(start)
        breaks = list(self._breaks(start, reach))
        early = start + (reach - start) * _LEAST_FULL
        for spans in (self._emphasised, self._whole):
            late = [each for each in breaks if each.end >= early and spans.around(each.end) is None]
            for each in sorted(late, key=lambda each: (each.kind, -each.end)):
                if self._fits(start, each.end):
                    return each
        whole = [each for each in breaks if self._whole.around(each.end) is None and self._fits(start, each.end)]
        return max(whole, key=lambda each: each.end, default=None) or self._inside_word(start, reach)

    def _breaks(self, start: int, reach: int) -> Iterator[_Break]:
        """Yield the breaks between words at which a part from ``start`` may end, up to ``reach``."""
        for gap in _GAP.finditer(self._text, start + 1):
            if gap.start() > reach:
                return
            if self._cut_fence(gap.start()):
                newline = self._text.rfind("\n", gap.start(), min(gap.end(), reach + 1))
                if newline > start:
                    yield _Break(_CODE_LINE, newline, newline + 1)
            else:
                yield _Break(self._kind(gap), gap.start(), gap.end())

    def _kind(self, gap: re.Match[str]) -> int:
        n_newlines = gap[0].count("\n")
        if n_newlines:
            return _PARAGRAPH if n_newlines > 1 else _LINE
        return _SENTENCE if _SENTENCE_END.search(self._text[max(0, gap.start() - 4) : gap.start()]) else _WORD

    def _inside_word(self, start: int, reach: int) -> _Break:
        """Return the break of last resort: before a span that must stay whole, else between two grapheme clusters."""
        whole = self._whole.around(reach)
        if whole is not None and whole > start:
            end = whole
        else:
            end = _before_cluster(self._text, start, self._farthest(start, lambda end: self._fits(start, end)))
        return _Break(_WORD, end, end if self._cut_fence(end) else _skip_space(self._text, end))


def _skip_space(text: str, position: int) -> int:
    gap = _GAP.match(text, position)
    return gap.end() if gap else position


_LONGEST_CLUSTER = 32
"""Code points of the longest grapheme cluster that stays whole."""


def _before_cluster(text: str, start: int, end: int) -> int:
    """Return the last grapheme cluster boundary after ``start`` up to ``end``; ``end`` where there is none."""
    for candidate in range(end, max(start, end - _LONGEST_CLUSTER), -1):
        if not _joins(text, candidate):
            return candidate
    return end


def _joins(text: str, position: int) -> bool:
    """Return whether the code points either side of ``position`` are one cluster (the common rules of UAX #29)."""
    before, after = text[position - 1], text[position : position + 1]
    if not after:
        return False
    if _is_flag_letter(after) and _is_flag_letter(before):
        n_before = len(text[:position]) - len(text[:position].rstrip(_FLAG_LETTERS))
        return n_before % 2 == 1
    return (
        unicodedata.category(after) in {"Mn", "Me", "Mc"}
        or _ZERO_WIDTH_JOINER in (before, after)
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or (before, after) == ("\r", "\n")
    )


_ZERO_WIDTH_JOINER = "\u200d"
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def _is_flag_letter(character: str) -> bool:
    return character in _FLAG_LETTERS
