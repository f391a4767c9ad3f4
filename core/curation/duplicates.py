"""Near-duplicate texts by the Jaccard similarity of their five-word shingles, estimated by MinHash (Broder 1997)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it loads scipy's integrals, which most commands never need
    from datasketch import LeanMinHash

SHINGLE_WORDS = 5
N_PERMUTATIONS = 128
MIN_SIMILARITY = 0.7
"""The least Jaccard similarity of near-duplicates; the standard error of the estimate is about 0.04."""

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class MinHashIndex:
    """MinHash signatures by content hash; each text is signed once."""

    _known: dict[str, LeanMinHash] = field(default_factory=dict)

    def nearest(self, text: str, others: Mapping[str, str]) -> tuple[str, float] | None:
        """Return the hash and similarity, 0..1, of the near-duplicate of ``text`` among ``others``, which are by hash.

        ``None`` when there is none. Blocks.
        """
        signature = minhash(text)
        shares = {other: signature.jaccard(self._of(other, text)) for other, text in others.items()}
        best = max(shares, key=lambda other: shares[other], default="")
        return (best, shares[best]) if best and shares[best] >= MIN_SIMILARITY else None

    def _of(self, content_hash: str, text: str) -> LeanMinHash:
        if content_hash not in self._known:
            self._known[content_hash] = minhash(text)
        return self._known[content_hash]


def minhash(text: str) -> LeanMinHash:
    """Return the MinHash signature of a text's shingles, or of all its words where it is shorter than one."""
    from datasketch import LeanMinHash, MinHash

    signature = MinHash(num_perm=N_PERMUTATIONS)
    signature.update_batch(sorted(shingle.encode() for shingle in _shingles(text)))
    return LeanMinHash(signature)


def is_near(text: str, other: str) -> bool:
    """Tell whether two short texts are near-duplicates, by their exact similarity. Blocks."""
    ours, theirs = _shingles(text), _shingles(other)
    return len(ours & theirs) >= MIN_SIMILARITY * len(ours | theirs)


def _shingles(text: str) -> set[str]:
    """Return a text's shingles, or all its words as one where it is shorter than one."""
    words = _WORD.findall(text.casefold())
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    return {" ".join(words[first : first + SHINGLE_WORDS]) for first in range(last)}
