"""The citations that a provider put into its text: kept where they name a passage it was shown, and given a quote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.generation.grounding.sentences import Sentence, evidence
from core.retrieval.analyzer import stems
from core.retrieval.sentences import sentences
from core.types import Hit, Source

_MARKER = re.compile(r"[ \t]*[\[【](\d{1,2}(?:\s*[,;]\s*\d{1,2})*)(?:†[^\]】]*)?[\]】]")


@dataclass(frozen=True, slots=True)
class CitedText:
    """A text whose markers ``[n]`` all have a source."""

    text: str
    sources: tuple[Source, ...]


def cited(text: str, used: Sequence[Hit]) -> CitedText:
    """Return ``text`` with its citations numbered as they first appear; ``[n]`` of the prompt was ``used[n - 1]``.

    Each source quotes the sentence of its passage that shares most words with the sentence citing it first. Markers
    that name no passage are taken out, but not what looks like code (``a[10]``).
    """
    candidates = evidence(used)
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
    """Return the passages that the markers of ``text`` name, in order, each once."""
    found = (int(number) for match in _MARKER.finditer(text) for number in re.split(r"\s*[,;]\s*", match[1]))
    return list(dict.fromkeys(n for n in found if 1 <= n <= n_used))


def _quoted(citing: str, n: int, hit: Hit, candidates: Sequence[Sentence]) -> Source:
    """Return passage ``n`` as a source: by its first sentence where none shares a word with the citing one."""
    said = set(stems(citing, hit.passage.language))
    of_passage = [sentence for sentence in candidates if sentence.n == n] or evidence([hit])
    if not of_passage:
        return Source(n, hit.passage.document, hit.passage.heading, hit.passage.text[:0], hit.passage.id)
    return max(
        of_passage, key=lambda sentence: len(said.intersection(stems(sentence.text, hit.passage.language)))
    ).source
