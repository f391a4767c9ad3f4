"""Lead of the window nearest to a question over the next ones, by the second embedder.

Where the answer is among what was found, one stretch of text stands out; where it is not, several are about as near.
``bench/README.md`` has what that tells, and what the cosines of whole passages do not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock

from core.ports import Embedder
from core.retrieval.reading.windows import Window, windows_to_read
from core.retrieval.second_embedder import for_language
from core.types import AnalyzedQuestion, Passage, Vector

N_PASSAGES, N_WINDOWS = 4, 2
"""How many of the passages found first are compared, and windows of each, at most: those with most of its words."""

N_NEXT = 3
"""How many passages the nearest is compared with, by the mean of their nearest windows."""

LEAST_COSINE = 0.2
"""What is farther counts as this far: unrelated passages, or none, make no difference."""

_MAX_KEPT = 4096
"""Windows whose vectors are kept, 1.5 kB each."""


class WindowLead:
    """Measures the lead. What it embeds is kept, so that a passage that is found again costs nothing. Thread-safe."""

    def __init__(self, embedder: Embedder) -> None:
        """Compare by ``embedder``, where it reads the question's language."""
        self._embedder = embedder
        self._kept: OrderedDict[Window, Vector] = OrderedDict()
        self._lock = Lock()

    def of(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> float | None:
        """Return by how much the best passage's cosine is above the next ones', 0..1; ``None`` in other languages.

        ``passages`` are those found, best first; a passage's cosine is its nearest window's. Blocks.
        """
        if for_language(self._embedder, question.language) is None:
            return None
        asked = {prefix for term in question.terms for prefix in term.prefixes}
        chosen = [windows_to_read(passage, asked, N_WINDOWS) for passage in passages[:N_PASSAGES]]
        vectors = self._vectors([window for windows in chosen for window in windows])
        vector = self._embedder.embed_query(question.text)
        nearest: dict[str, float] = {}  # by text: what two documents say alike is no rival of itself
        for windows in filter(None, chosen):
            cosine, body = max((float(vectors[window] @ vector), window.body) for window in windows)
            nearest[body] = max(cosine, LEAST_COSINE)
        best, *others = [*sorted(nearest.values(), reverse=True), *[LEAST_COSINE] * (N_NEXT + 1)]
        return best - sum(others[:N_NEXT]) / N_NEXT

    def _vectors(self, windows: Sequence[Window]) -> Mapping[Window, Vector]:
        with self._lock:
            known = {window: self._kept[window] for window in windows if window in self._kept}
        missing = [window for window in dict.fromkeys(windows) if window not in known]
        texts = [f"{window.name}\n{window.body}" for window in missing]
        known |= dict(zip(missing, self._embedder.embed_passages(texts), strict=True))
        with self._lock:
            for window, vector in known.items():
                self._kept[window] = vector
                self._kept.move_to_end(window)
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        return known
