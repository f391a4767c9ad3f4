"""Interpolated, modified Kneser-Ney n-grams (Chen & Goodman 1998): the baseline of ``bench/nn_learning.py``.

Counts are of ids in arrays: a context of order n is a row number among the contexts of order n, found by sorting.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import log


class KneserNey:
    """P(w | up to ``order`` - 1 words before), trained on a sequence of ids below ``n_words``."""

    def __init__(self, ids: Sequence[int], order: int, n_words: int) -> None:
        self._order, self._n_words = order, n_words
        self._counts = self._lower(self._counted(ids, order))
        self._discounts = [_discounts(counts) for counts in self._counts]
        self._totals = [_totals(counts, of) for counts, of in zip(self._counts, self._discounts, strict=True)]

    def nats(self, ids: Sequence[int]) -> float:
        """Return the summed loss of ``ids``, each given those before it, in nats."""
        total = 0.0
        for i, word in enumerate(ids):
            total -= log(self._probability(tuple(ids[max(0, i - self._order + 1) : i]), word))
        return total

    def _probability(self, context: tuple[int, ...], word: int) -> float:
        p = 1 / self._n_words
        for n in range(len(context) + 1):
            known = context[len(context) - n :]
            total, kept = self._totals[n].get(known, (0, 0.0))
            if not total:
                return p  # a longer context is unseen too
            count = self._counts[n].get((*known, word), 0)
            share = max(0.0, count - self._discounts[n][min(count, 3)]) / total
            p = share + kept / total * p
        return p

    @staticmethod
    def _counted(ids: Sequence[int], order: int) -> Counter[tuple[int, ...]]:
        words = list(ids)
        return Counter(zip(*(words[i:] for i in range(order)), strict=False))

    @staticmethod
    def _lower(highest: Counter[tuple[int, ...]]) -> list[Counter[tuple[int, ...]]]:
        """Return the counts of orders 1 to n: of each lower one, how many different words come before."""
        counts = [highest]
        order = len(next(iter(highest)))
        for _ in range(order - 1):
            counts.insert(0, Counter(gram[1:] for gram in counts[0]))
        return counts


def _discounts(counts: Counter[tuple[int, ...]]) -> tuple[float, float, float, float]:
    """Return the discounts of counts 0, 1, 2, and 3 or more."""
    of = Counter(count for count in counts.values() if count <= 4)
    y = of[1] / (of[1] + 2 * of[2])

    def discount(k: int) -> float:
        return min(max(k - (k + 1) * y * of[k + 1] / of[k], 0.0), k) if of[k] else 0.0

    return 0.0, discount(1), discount(2), discount(3)


def _totals(
    counts: Counter[tuple[int, ...]], discounts: tuple[float, float, float, float]
) -> dict[tuple[int, ...], tuple[int, float]]:
    """Return for each context the sum of its counts, and of what was discounted of them."""
    sums: defaultdict[tuple[int, ...], list[float]] = defaultdict(lambda: [0, 0.0])
    for gram, count in counts.items():
        of = sums[gram[:-1]]
        of[0] += count
        of[1] += discounts[min(count, 3)]
    return {context: (int(total), kept) for context, (total, kept) in sums.items()}
