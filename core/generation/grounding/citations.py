"""Citations in a large model's text: markers of passages that it was shown, renumbered and given quotes.

A text without markers is given them where every sentence of it has most of its words from one passage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.generation.grounding.candidate_sentences import CandidateSentence, candidate_sentences
from core.retrieval.analyzer import distinct_stems, stems
from core.retrieval.sentences import sentences
from core.types import Hit, Source

_MARKER = re.compile(r"(?<![ \t])[ \t]*[\[【](\d{1,2}(?:\s*[,;]\s*\d{1,2})*)(?:†[^\[\]【】]*)?[\]】]")

_MIN_OF_PASSAGE = 0.7
"""Least share of a sentence's stems that the passage has which it is attributed to."""


@dataclass(frozen=True, slots=True)
class CitedText:
    """A text of which every marker ``[n]`` has a source."""

    text: str
    sources: tuple[Source, ...]


def cited(text: str, used: Sequence[Hit]) -> CitedText:
    """Return ``text`` with its citations renumbered in order of appearance; ``[n]`` of the prompt is ``used[n - 1]``.

    Each source quotes the sentence of its passage that shares most stems with the first sentence citing it. Markers of
    no passage are removed, but not what looks like code (``a[10]``).
    """
    candidates = candidate_sentences(used)
    sources: dict[int, Source] = {}
    for span in sentences(text):
        citing = text[span.start : span.end]
        for n in _numbers(citing, len(used)):
            if n not in sources:
                sources[n] = replace(_quoted(citing, n, used[n - 1], candidates), n=len(sources) + 1)

    def renumber(match: re.Match[str]) -> str:
        numbers = [n for n in _numbers(match.group(), len(used)) if n in sources]
        is_index = not numbers and match.start() > 0 and text[match.start() - 1].isalnum() and match.group()[0] == "["
        return match.group() if is_index else "".join(f" [{sources[n].n}]" for n in numbers)

    return CitedText(_MARKER.sub(renumber, text).strip(), tuple(sources.values()))


def attributed(text: str, used: Sequence[Hit]) -> CitedText:
    """Return ``text`` with a citation after the last sentence from each passage.

    Without sources where a sentence has less than ``_MIN_OF_PASSAGE`` of its stems in any one passage.
    """
    spans = sentences(text)
    origins = [_origin(text[span.start : span.end], used) for span in spans]
    if not origins or 0 in origins:
        return CitedText(text, ())
    marked, end = "", 0
    for span, n, following in zip(spans, origins, [*origins[1:], 0], strict=True):
        if n != following:
            stop = span.start + len(text[span.start : span.end].rstrip(".!?…"))
            marked, end = f"{marked}{text[end:stop]} [{n}]", stop
    return cited(marked + text[end:], used)


def _origin(sentence: str, used: Sequence[Hit]) -> int:
    """Return the number of the passage that has most of a sentence's stems; 0 where none has enough."""
    shares = [_share(sentence, hit) for hit in used]
    return 1 + shares.index(max(shares)) if shares and max(shares) >= _MIN_OF_PASSAGE else 0


def _share(sentence: str, hit: Hit) -> float:
    passage, language = hit.passage, hit.passage.language
    said = distinct_stems(sentence, language)
    there = distinct_stems(f"{passage.document} {passage.heading} {passage.text}", language)
    return len(said & there) / len(said) if said else 0.0


def _numbers(text: str, n_used: int) -> list[int]:
    """Return the distinct passage numbers in the markers of ``text``, in order."""
    found = (int(number) for match in _MARKER.finditer(text) for number in re.findall(r"\d+", match[1]))
    return list(dict.fromkeys(n for n in found if 1 <= n <= n_used))


def _quoted(citing: str, n: int, hit: Hit, candidates: Sequence[CandidateSentence]) -> Source:
    """Return passage ``n`` as a source, quoted by its first sentence where none shares a stem with ``citing``."""
    said = set(stems(citing, hit.passage.language))
    of_passage = [sentence for sentence in candidates if sentence.n == n] or candidate_sentences([hit])
    if not of_passage:
        return Source(n, hit.passage.document, hit.passage.heading, hit.passage.text[:0], hit.passage.id)
    return max(
        of_passage, key=lambda sentence: len(said.intersection(stems(sentence.text, hit.passage.language)))
    ).source
