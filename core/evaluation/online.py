"""Online metrics of shown answers (specification, sections 3.4 and 7.5).

Click-through rate of sources (CTR), conversion rate of openers to 👍 (CR), and nDCG and MRR with 👍 as relevance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.evaluation.ranking import ndcg, reciprocal_rank
from core.types import Thumb


class ShownAnswer(Protocol):
    """One answer that was shown with sources, its ratings and who opened its sources; people are pseudonyms."""

    @property
    def passages(self) -> Sequence[int]:
        """Return the passages found for it, best first."""
        ...

    @property
    def cited(self) -> frozenset[int]:
        """Return the passages it names as its sources."""
        ...

    @property
    def thumbs(self) -> Mapping[str, Thumb]:
        """Return each person's rating."""
        ...

    @property
    def openers(self) -> frozenset[str]:
        """Return who opened its sources."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerQuality:
    """Metrics over some answers; shares and measures are 0..1, and ``None`` where their denominator is 0.

    ``ctr``: answers whose sources were opened / shown. ``cr``: opened answers that an opener liked / opened.
    ``ndcg`` and ``mrr``: over rated answers; a cited passage of a liked answer is relevant, nothing else is.
    """

    n_shown: int
    n_opened: int
    n_rated: int
    ctr: float | None
    cr: float | None
    ndcg: float | None
    mrr: float | None


def quality(shown: Sequence[ShownAnswer]) -> AnswerQuality:
    """Return the metrics of answers that were shown with sources."""
    opened = [each for each in shown if each.openers]
    liked = [each for each in opened if any(each.thumbs.get(person) == "up" for person in each.openers)]
    rated = list(_rated(shown))
    return AnswerQuality(
        n_shown=len(shown),
        n_opened=len(opened),
        n_rated=len(rated),
        ctr=_share(len(opened), len(shown)),
        cr=_share(len(liked), len(opened)),
        ndcg=_share(sum(ndcg(ranking, relevance) for ranking, relevance in rated), len(rated)),
        mrr=_share(sum(reciprocal_rank(ranking, relevance) for ranking, relevance in rated), len(rated)),
    )


def _rated(shown: Sequence[ShownAnswer]) -> Iterator[tuple[Sequence[str], Mapping[str, int]]]:
    """Yield ranking and relevance of each rated answer; no relevance without more 👍 than 👎."""
    for each in shown:
        if each.thumbs:
            net_votes = sum(1 if thumb == "up" else -1 for thumb in each.thumbs.values())
            relevant = each.cited if net_votes > 0 else frozenset()
            yield [str(passage) for passage in each.passages], {str(passage): 1 for passage in relevant}


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
