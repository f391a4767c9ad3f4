"""Near-duplicates: texts that share most of their five-word shingles, found by MinHash (Broder 1997).

A space's texts are signed when they are first compared with and remembered by content, so a text is signed once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from datasketch import LeanMinHash, MinHash

SHINGLE_WORDS = 5
N_PERMUTATIONS = 128
SAME = 0.7
"""Two texts whose shingles agree to this share (Jaccard) say the same; the estimate errs by about 0.04."""

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Signatures:
    """The signatures of texts by their content hash."""

    _known: dict[str, LeanMinHash] = field(default_factory=dict)

    def nearest(self, text: str, others: Mapping[str, str]) -> tuple[str, float] | None:
        """Return which of ``others`` (texts by content hash) says the same as ``text``, and how surely, 0..1. Blocks.

        ``None`` when none does.
        """
        signature = sign(text)
        shares = {other: signature.jaccard(self._of(other, text)) for other, text in others.items()}
        best = max(shares, key=lambda other: shares[other], default="")
        return (best, shares[best]) if best and shares[best] >= SAME else None

    def _of(self, content_hash: str, text: str) -> LeanMinHash:
        if content_hash not in self._known:
            self._known[content_hash] = sign(text)
        return self._known[content_hash]


def sign(text: str) -> LeanMinHash:
    """Return the MinHash signature of a text's shingles; of its words where it is shorter than one."""
    words = _WORD.findall(text.casefold())
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    shingles = {" ".join(words[first : first + SHINGLE_WORDS]).encode() for first in range(last)}
    signature = MinHash(num_perm=N_PERMUTATIONS)
    signature.update_batch(sorted(shingles))
    return LeanMinHash(signature)
