"""Citations in a provider's text: markers of passages that it was shown, renumbered and given quotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.generation.grounding.candidate_sentences import CandidateSentence, candidate_sentences
from core.retrieval.analyzer import stems
from core.retrieval.sentences import sentences
from core.types import Hit, Source

_MARKER = re.compile(r"(?<![ \t])[ \t]*[\[【](\d{1,2}(?:\s*[,;]\s*\d{1,2})*)(?:†[^\[\]【】]*)?[\]】]")


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
