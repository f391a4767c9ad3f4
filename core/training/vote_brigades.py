"""Votes excluded from training data: those over a person's caps, and vote brigades of new accounts.

Pure functions of the votes. An account's age is the time since AION first saw it, as only pseudonyms are stored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.storage.training_ratings import Vote
from core.types import Thumb

MAX_VOTES = 200
"""Most votes of one person in a training set; the newest count."""

MAX_VOTES_PER_HOUR = 30

NEWCOMER_AGE = timedelta(days=1)
"""Age under which an account counts as new."""

BURST = timedelta(hours=1)
N_ON_ONE_ANSWER = 5
"""Least new accounts with the same thumb on one answer within ``BURST`` that make a brigade."""

N_IN_ONE_SPACE = 12
"""The same over all answers of a space, votes on answers to their own questions not counted."""


@dataclass(frozen=True, slots=True)
class Brigade:
    """New accounts that gave the same thumb within ``BURST``: on one answer, or (``None``) on several of a space."""

    answer_id: int | None
    thumb: Thumb
    people: frozenset[str]
    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        """Return what names this brigade within its space, until it grows."""
        return f"{self.answer_id or 0}.{self.thumb}.{self.start.timestamp():.6f}.{self.end.timestamp():.6f}"


def within_caps(votes: Sequence[Vote]) -> tuple[Vote, ...]:
    """Return the votes within both caps: ``MAX_VOTES_PER_HOUR`` a person, and of these the newest ``MAX_VOTES``."""
    by_person: defaultdict[str, list[Vote]] = defaultdict(list)
    hours: Counter[tuple[str, datetime]] = Counter()
    for vote in sorted(votes, key=lambda vote: (vote.at, vote.answer_id)):
        hour = (vote.person, vote.at.replace(minute=0, second=0, microsecond=0))
        hours[hour] += 1
        if hours[hour] <= MAX_VOTES_PER_HOUR:
            by_person[vote.person].append(vote)
    kept = {(vote.person, vote.answer_id) for theirs in by_person.values() for vote in theirs[-MAX_VOTES:]}
    return tuple(vote for vote in votes if (vote.person, vote.answer_id) in kept)


def brigades(votes: Sequence[Vote], first_seen: Mapping[str, datetime]) -> tuple[Brigade, ...]:
    """Return the brigades among the votes of one space, oldest first."""
    fresh = [vote for vote in votes if vote.person != vote.asker and vote.at - first_seen[vote.person] < NEWCOMER_AGE]
    on_answers: defaultdict[tuple[int, Thumb], list[Vote]] = defaultdict(list)
    in_space: defaultdict[Thumb, list[Vote]] = defaultdict(list)
    for vote in sorted(fresh, key=lambda vote: (vote.at, vote.person)):
        on_answers[vote.answer_id, vote.thumb].append(vote)
        in_space[vote.thumb].append(vote)
    found = [
        Brigade(answer_id, thumb, *burst)
        for (answer_id, thumb), pressed in on_answers.items()
        for burst in _bursts(pressed, N_ON_ONE_ANSWER)
    ]
    known = {person for brigade in found for person in brigade.people}
    for thumb, pressed in in_space.items():
        found += [Brigade(None, thumb, *burst) for burst in _bursts(pressed, N_IN_ONE_SPACE) if burst[0] - known]
    return tuple(sorted(found, key=lambda brigade: (brigade.start, brigade.answer_id or 0, brigade.thumb)))


def is_quarantined(vote: Vote, found: Sequence[Brigade]) -> bool:
    """Tell whether a vote is part of a brigade."""
    return any(
        vote.person in brigade.people
        and vote.thumb == brigade.thumb
        and brigade.answer_id in (None, vote.answer_id)
        and brigade.start <= vote.at <= brigade.end
        for brigade in found
    )


def _bursts(votes: Sequence[Vote], n_people: int) -> Iterator[tuple[frozenset[str], datetime, datetime]]:
    """Yield people, start and end of each run of votes in which a ``BURST`` window has at least ``n_people`` people.

    ``votes`` are sorted by time. Takes linear time.
    """
    start, n_marked, is_in_burst = 0, 0, [False] * len(votes)
    in_window: Counter[str] = Counter()
    for end, vote in enumerate(votes):
        in_window[vote.person] += 1
        while vote.at - votes[start].at > BURST:
            in_window[votes[start].person] -= 1
            if not in_window[votes[start].person]:
                del in_window[votes[start].person]
            start += 1
        if len(in_window) >= n_people:
            first = max(start, n_marked)  # what is before was marked already, or is too old
            is_in_burst[first : end + 1] = [True] * (end + 1 - first)
            n_marked = end + 1
    stretch: list[Vote] = []
    for each, is_in in zip([*votes, None], [*is_in_burst, False], strict=True):
        if is_in and each:
            stretch.append(each)
        elif stretch:
            yield frozenset(each.person for each in stretch), stretch[0].at, stretch[-1].at
            stretch = []
