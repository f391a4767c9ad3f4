"""How good answers are by what people do with them (specification, sections 3.4 and 7.5).

The rate of opened sources (CTR), how many openers were content (CR), and nDCG and MRR with 👍 as relevance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.evaluation.ranking import ndcg, reciprocal_rank
from core.types import Thumb


class ShownAnswer(Protocol):
    """One answer with sources as it was shown, and who did what with it; people are pseudonyms."""

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
    """Figures over some answers; shares and measures are 0..1, and ``None`` where there is nothing to take them of.

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
    """Return the figures of the answers that were shown with sources."""
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
    """Yield the ranking of each rated answer, and its relevance: empty where it is not liked more than disliked."""
    for each in shown:
        if each.thumbs:
            leaning = sum(1 if thumb == "up" else -1 for thumb in each.thumbs.values())
            relevant = each.cited if leaning > 0 else frozenset()
            yield [str(passage) for passage in each.passages], {str(passage): 1 for passage in relevant}


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
