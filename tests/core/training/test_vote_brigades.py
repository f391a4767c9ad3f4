"""Whose votes count: caps, and newcomers who come together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.storage.training_ratings import Vote
from core.training.vote_brigades import (
    BURST,
    MAX_VOTES,
    MAX_VOTES_PER_HOUR,
    N_IN_ONE_SPACE,
    N_ON_ONE_ANSWER,
    NEWCOMER_AGE,
    brigades,
    is_quarantined,
    within_caps,
)

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=100)


def vote(answer_id: int, person: str, minute: float = 0, thumb: str = "down") -> Vote:
    return Vote(answer_id, person, thumb, NOON + timedelta(minutes=minute), "asker")


def test_one_person_counts_so_often_and_no_more() -> None:
    spread = [vote(i, "busy", minute=10 * i) for i in range(10_000)]
    assert within_caps(spread) == tuple(spread[-MAX_VOTES:])
    at_once = [vote(i, "fast") for i in range(500)]
    assert len(within_caps(at_once)) == MAX_VOTES_PER_HOUR
    assert len(within_caps([vote(1, f"person {i}") for i in range(500)])) == 500


def test_ten_thousand_newcomers_at_once_are_one_brigade() -> None:
    crowd = [vote(1, f"new {i}", minute=i / 200) for i in range(10_000)]
    (found,) = brigades(crowd, {each.person: each.at for each in crowd})
    assert len(found.people) == 10_000


def test_newcomers_who_come_together_are_a_brigade_and_others_are_not() -> None:
    crowd = [vote(1, f"new {i}", minute=i) for i in range(N_ON_ONE_ANSWER)]
    known = vote(1, "regular", minute=2)
    first_seen = {each.person: each.at for each in crowd} | {"regular": LONG_AGO}
    (found,) = brigades([*crowd, known], first_seen)
    assert found.answer_id == 1 and found.people == {each.person for each in crowd}
    assert all(is_quarantined(each, [found]) for each in crowd)
    assert not is_quarantined(known, [found])
    assert not is_quarantined(vote(2, "new 1"), [found])
    assert brigades(crowd[1:], first_seen) == ()
    assert brigades(crowd, dict.fromkeys(first_seen, NOON - NEWCOMER_AGE)) == ()
    slow = [vote(1, f"new {i}", minute=i * 30) for i in range(N_ON_ONE_ANSWER)]
    assert brigades(slow, {each.person: each.at for each in slow}) == ()
    assert (
        brigades(
            [vote(1, f"new {i}", thumb=("up", "down")[i % 2]) for i in range(6)],
            dict.fromkeys([f"new {i}" for i in range(6)], NOON),
        )
        == ()
    )


def test_a_crowd_over_a_whole_space_is_found_too() -> None:
    crowd = [vote(i, f"new {i}", minute=i) for i in range(N_IN_ONE_SPACE)]
    (found,) = brigades(crowd, {each.person: each.at for each in crowd})
    assert found.answer_id is None and all(is_quarantined(each, [found]) for each in crowd)


votes = st.lists(
    st.builds(vote, st.integers(1, 3), st.sampled_from([f"p{i}" for i in range(14)]), st.integers(0, 300)),
    unique_by=lambda each: (each.answer_id, each.person),
)


@given(votes)
def test_bursts_on_an_answer_are_what_a_plain_loop_finds(cast: list[Vote]) -> None:
    found = brigades(cast, {each.person: NOON for each in cast})
    for one in cast:
        windows = [
            {v.person for v in cast if v.answer_id == one.answer_id and timedelta(0) <= v.at - start.at <= BURST}
            for start in cast
            if start.answer_id == one.answer_id and timedelta(0) <= one.at - start.at <= BURST
        ]
        is_in_burst = any(len(window) >= N_ON_ONE_ANSWER for window in windows)
        on_answers = [each for each in found if each.answer_id is not None]
        assert is_quarantined(one, on_answers) == is_in_burst
