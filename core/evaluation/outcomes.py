"""What members get: of every answer to a labelled question whether it is right, beside the point, declined or a bluff.

An answer is right when it contains one string of every group of ``LabelledQuestion.must``, compared in lower case, with
and without accents. "Closest" answers are shown without being asserted: right where they hold the answer, and no bluff.
Does not judge wording: look at the sheet (``core.evaluation.sheet``) for that.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.evaluation.dataset import LabelledQuestion
from core.evaluation.selective import auroc
from core.normal_form import normal_form

Outcome = Literal["right", "beside", "declined", "closest", "bluffed", "talk"]

CLOSEST, DECLINED, TALK = "closest", "abstained", "talk"
"""What ``Answer.used`` says of answers that assert nothing."""

_UNSHOWN = re.compile(
    r"\\[A-Za-z]+|\]\([^()\s]*\)| <[^<>\s]{1,300}(?:>`_|$)|</?[A-Za-z][A-Za-z0-9]{0,15}(?:\s[^<>]{0,100})?/?>"
)
"""Letters of markup: the name of a TeX command, the targets of links in Markdown and reStructuredText, a tag."""

_QUOTE_CHARS = 80
"""A passage holds a quote when it holds its first or last so many characters: chunks may cut a long one."""


@dataclass(frozen=True, slots=True)
class MemberAnswer:
    """The answer to one question. ``gold_rank`` counts from 1: the first hit that holds a quote; ``None``: no hit."""

    question: LabelledQuestion
    text: str
    used: str
    confidence: float
    gold_rank: int | None
    latency_ms: float

    @property
    def outcome(self) -> Outcome:
        """Return what a member got."""
        if self.used in (DECLINED, TALK):
            return "declined" if self.used == DECLINED else "talk"
        if not self.question.answerable:
            return "closest" if self.used == CLOSEST else "bluffed"
        return "right" if is_right(self.text, self.question.must) else "beside"


def is_right(text: str, must: Sequence[Sequence[str]]) -> bool:
    """Tell whether ``text`` contains one string of every group; false where there is no group."""
    plain, folded = text.lower(), _without_accents(text)
    return bool(must) and all(
        any(string.lower() in plain or _without_accents(string) in folded for string in group) for group in must
    )


def gold_rank(passages: Sequence[str], quotes: Sequence[str]) -> int | None:
    """Return the place, from 1, of the first passage that holds a quote.

    Only letters and digits that are shown are compared: a quote is of the document as it was written, a passage is
    without its markup.
    """
    ends = [_lettered(quote) for quote in quotes]
    for place, passage in enumerate(map(_lettered, passages), start=1):
        if any(end[:_QUOTE_CHARS] in passage or end[-_QUOTE_CHARS:] in passage for end in ends if end):
            return place
    return None


def outcome_metrics(answers: Sequence[MemberAnswer]) -> Mapping[str, float | None]:
    """Return the measures by name; ``None`` where no question has them.

    ``right``, ``beside``, ``declined`` and ``right_asserted`` are shares of the answerable questions; ``bluffed``,
    ``offered`` (as closest) and ``declined_rightly`` of the others. ``auroc`` is of the gate's confidence,
    ``gold_first`` and ``gold_in_8`` of the ranking, where quotes are known.
    """
    answerable = [each for each in answers if each.question.answerable]
    other = [each for each in answers if not each.question.answerable]
    quoted = [each for each in answerable if each.question.quotes]
    labels = np.array([each.question.answerable for each in answers], bool)
    area = auroc(np.array([each.confidence for each in answers]), labels)
    return {
        "n": len(answers),
        "right": _share(answerable, "right"),
        "right_asserted": _mean(each.outcome == "right" and each.used != CLOSEST for each in answerable),
        "beside": _share(answerable, "beside"),
        "declined": _share(answerable, "declined"),
        "bluffed": _share(other, "bluffed"),
        "offered": _share(other, "closest"),
        "declined_rightly": _share(other, "declined"),
        "auroc": None if math.isnan(area) else area,
        "gold_first": _mean(each.gold_rank == 1 for each in quoted),
        "gold_in_8": _mean(each.gold_rank is not None for each in quoted),
        "p50_ms": float(np.median([each.latency_ms for each in answers])) if answers else None,
    }


def metrics_by_kind(answers: Sequence[MemberAnswer]) -> Mapping[str, Mapping[str, float | None]]:
    """Return the measures of all answers, under ``all``, and of every kind of question."""
    kinds: dict[str, list[MemberAnswer]] = defaultdict(list)
    for each in answers:
        kinds[each.question.kind or "-"].append(each)
    return {"all": outcome_metrics(answers), **{kind: outcome_metrics(kinds[kind]) for kind in sorted(kinds)}}


def _share(answers: Iterable[MemberAnswer], outcome: Outcome) -> float | None:
    return _mean(each.outcome == outcome for each in answers)


def _mean(values: Iterable[bool]) -> float | None:
    held = list(values)
    return sum(held) / len(held) if held else None


def _without_accents(text: str) -> str:
    decomposed = normal_form("NFKD", _spaced(text))
    return "".join(character for character in decomposed if not unicodedata.combining(character)).lower()


def _lettered(text: str) -> str:
    return "".join(filter(str.isalnum, _UNSHOWN.sub("", text)))


def _spaced(text: str) -> str:
    return " ".join(text.split())
