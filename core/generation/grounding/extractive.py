"""The extractive answer: what the passages say, quoted as it stands, with its sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.generation.grounding.quotation import Quotation
from core.generation.grounding.quote_ranking import ScoredQuotation
from core.retrieval.analyzer import fold
from core.retrieval.blocks import ends_as_sentence
from core.retrieval.markup import plain
from core.texts import say, say_markdown
from core.types import Language, Source

_MARGIN = 2.0
"""How far behind the best quotation the next may be and still be quoted with it, in log-odds."""

_MARGIN_OF_CLOSEST = 3.5
"""The same of what comes closest."""

_STRETCH = 1.25
"""The list of the best quotation is told whole where that takes at most so many times its room."""

_MIN_ROOM = 120
"""With less room left, no further quotation is begun."""

_VERDICT = re.compile(r"(?:Yes|No|Nope|Sure|Of course|Not|Sim|Não|Claro|Depende|It depends)\b")
"""How an answer begins that says nothing without its question."""

_SHORT_REPLY_CHARS = 100
"""An answer to the question of a FAQ that is shorter may say nothing without it."""

_FRAGMENT_CHARS = 60
"""A quotation that is shorter and no sentence hardly names what it is about."""

_Quote = Callable[[Quotation, int, int], Quotation]


@dataclass(frozen=True, slots=True)
class QuoteRooms:
    """Characters that quotations may take: a sure one alone, each of several sure ones, each of the closest.

    ``all_closest`` is the limit of these together.
    """

    alone: int
    several: tuple[int, ...]
    closest: tuple[int, ...]
    all_closest: int


GLANCE = QuoteRooms(600, (400, 250, 250), (600, 320, 320, 320), 1_000)
"""What a phone shows at a glance."""

LINES = QuoteRooms(200, (200,), (200,), 200)
"""A line or two, for each of several questions."""


@dataclass(frozen=True, slots=True)
class Extract:
    """An answer made of quotes. ``first`` is what the best says, with what it stands under."""

    text: str
    sources: tuple[Source, ...]
    first: str


def extract(ranked: Sequence[ScoredQuotation], rooms: QuoteRooms = GLANCE) -> Extract | None:
    """Return the best quotation, or the best few that answer about equally well; ``None`` when there are none.

    More than the ``rooms`` only where a single part, or the list of the best, takes more.
    """
    near = _near(ranked, _MARGIN)
    chosen = _chosen(near, rooms.several, sum(rooms.several), _from_block)
    if len(chosen) == 1:
        chosen = _chosen(near, (rooms.alone,), rooms.alone, _from_block)
    return _extract_of(chosen) if chosen else None


def closest(
    ranked: Sequence[ScoredQuotation], language: Language, rooms: QuoteRooms = GLANCE, unmentioned: str = ""
) -> Extract | None:
    """Return a few quotations that may answer, introduced as no sure answer; ``None`` when there are none.

    The introduction says that what is ``unmentioned`` was not found.
    More than the ``rooms`` only where a single part, or the list of the best, takes more.
    """
    chosen = _chosen(_near(ranked, _MARGIN_OF_CLOSEST), rooms.closest, rooms.all_closest, _around)
    if not chosen:
        return None
    quoted = _extract_of(chosen)
    missing = f"{say_markdown(language, 'extract.unmentioned', what=unmentioned)} " if unmentioned else ""
    return replace(quoted, text=f"{missing}{say(language, 'extract.closest')}\n\n{quoted.text}")


def _near(ranked: Sequence[ScoredQuotation], margin: float) -> list[Quotation]:
    return [scored.quotation for scored in ranked if scored.score >= ranked[0].score - margin]


def _from_block(window: Quotation, room: int, room_of_list: int) -> Quotation:
    return window.passage.from_block(window.anchor, room, room_of_list)


def _around(window: Quotation, room: int, room_of_list: int) -> Quotation:
    return window.passage.around(window.anchor, room, room_of_list)


def _chosen(windows: Sequence[Quotation], rooms: Sequence[int], total: int, quote: _Quote) -> list[Quotation]:
    """Return the best quotations, none overlapping another.

    Each of the ``rooms`` (characters) is for one of them, or for what a window adds to one that it overlaps.
    """
    chosen: list[Quotation] = []
    left, unused = total, list(rooms)
    for window in windows:
        if not unused or (chosen and left < _MIN_ROOM):
            break
        room = min(unused[0], left)
        known = next((each for each in chosen if each.overlaps(window)), None)
        if known is None:
            quotation = quote(window, room, room if chosen else int(_STRETCH * room))
        else:
            quotation = known.joined(window)
        others = [each for each in chosen if each is not known]
        n_chars = len(quotation.text) - (len(known.text) if known else 0)
        if chosen and (not 0 < n_chars <= left or any(_repeats(quotation, other) for other in others)):
            continue
        chosen = [quotation if each is known else each for each in chosen] if known else [*chosen, quotation]
        left -= n_chars
        unused.pop(0)
    return chosen


def _repeats(quotation: Quotation, other: Quotation) -> bool:
    """Tell whether one quotes text that the other has, from the same place or in the same words."""
    said, known = (" ".join(each.text.split()).casefold() for each in (quotation, other))
    return quotation.overlaps(other) or said in known or known in said


def _extract_of(chosen: Sequence[Quotation]) -> Extract:
    """Return the quotations by passage, the best's first, in the order of the document; numbered if there are several.

    Passages of one section are in its order. Each passage is a source, which quotes what is best of it.
    """
    by_section: dict[tuple[int, str], dict[int, list[Quotation]]] = {}
    for each in chosen:
        by_section.setdefault(_section(each), {}).setdefault(each.passage.n, []).append(each)
    in_order = (sorted(section.values(), key=lambda each: each[0].passage.offset) for section in by_section.values())
    groups = [quotations for section in in_order for quotations in section]
    texts, sources, heading = list[str](), list[Source](), ""
    for number, quotations in enumerate(groups, start=1):
        said = []
        for each in sorted(quotations, key=lambda each: each.span):
            above = heading_above(each)
            said.append(f"▸ {above}\n{each.text}" if above and above != heading else each.text)
            heading = above or heading
        text = "\n…\n".join(said)
        texts.append(_cited(text, number) if len(groups) > 1 else text)
        sources.append(replace(quotations[0].source, n=number))
    best, under = chosen[0], chosen[0].source
    first = f"{under.document} {under.heading} {best.heading} {best.text}"
    return Extract("\n\n".join(texts), tuple(sources), first)


def heading_above(quotation: Quotation) -> str:
    """Return the heading that a quotation is shown under; empty where it is understood without.

    Sentences are, unless they answer a question by *yes*, *no* or a few words. What a document is called is said with
    its sources.
    """
    heading = plain(quotation.heading.rsplit(" > ", 1)[-1])
    if not heading or heading == quotation.passage.passage.document or fold(heading) in fold(quotation.text):
        return ""
    said = quotation.text
    is_reply = heading.endswith("?") and (_VERDICT.match(said) or len(said) < _SHORT_REPLY_CHARS)
    is_fragment = len(said) < _FRAGMENT_CHARS and not ends_as_sentence(said)
    return heading if is_reply or is_fragment or quotation.begins_within else ""


def _section(quotation: Quotation) -> tuple[int, str]:
    """Return what the quotations of one section have in common; of a document without sections, no two have it."""
    passage = quotation.passage.passage
    is_named = passage.heading not in ("", passage.document)
    return passage.document_id, passage.heading if is_named else str(quotation.passage.n)


def _cited(text: str, number: int) -> str:
    is_code = text.endswith(("```", "~~~"))  # a fence is alone on its line
    return f"{text}\n[{number}]" if is_code else f"{text} [{number}]"
