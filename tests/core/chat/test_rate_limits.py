"""Limits: never more than allowed, never a wait that is wrong, nobody starved by another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.rate_limits import COMPLETIONS_PER_MINUTE, MAX_BUCKETS, MessageLimits
from core.types import Message, Person, Rate, Rates, SpaceId
from tests.fakes import MEMBER, message


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


FREE = Rate(0)
OPEN = Rates(person=FREE, moderator=FREE, space=FREE, everyone=FREE, unasked=FREE)


def asked(person: str = "telegram:1", *, space: str = "telegram:-1", **rest: object) -> Message:
    who = Person(person, "Ana", is_moderator=bool(rest.pop("moderator", False)))
    said = message("When?", key="1", person=who, space=space)
    return replace(said, platform="telegram", **rest)


def allowed(limits: MessageLimits, said: Message, n: int) -> int:
    return sum(limits.admit(said) == 0 for _ in range(n))


@given(
    per_minute=st.floats(0.5, 500),
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_any_stretch_of_time_lets_in_at_most_a_burst_and_what_flows_in(per_minute: float, pauses: list[float]) -> None:
    clock, rate = Clock(), Rate(per_minute)
    limits, admitted = MessageLimits(OPEN, clock), list[float]()
    for pause in pauses:
        clock.now += pause
        if limits.take([("anyone", rate)]) == 0:
            admitted.append(clock.now)
    for first, start in enumerate(admitted):
        for last in range(first, len(admitted)):
            n, elapsed_s = last - first + 1, admitted[last] - start
            assert n <= rate.capacity + elapsed_s * rate.per_s + 1e-6


def test_whoever_takes_over_lets_nobody_in_for_a_second_burst() -> None:
    clock, rates = Clock(), replace(OPEN, person=Rate(12), space=Rate(120))
    limits = MessageLimits(rates, clock)
    assert allowed(limits, asked(), 20) == 12
    limits.take_over()
    assert allowed(limits, asked(), 20) == 0, "who was seen here is known"
    for others in (limits, MessageLimits(rates, clock)):
        others.take_over()
        assert allowed(others, asked("telegram:2", space="telegram:-2"), 20) == 1
        clock.now += 10
        assert allowed(others, asked("telegram:3", space="telegram:-3"), 20) == 3
        assert allowed(others, asked("telegram:2", space="telegram:-2"), 20) == 2
        clock.now += 60
        assert allowed(others, asked("telegram:4", space="telegram:-4"), 20) == 12


@given(per_minute=st.floats(0.5, 500), n_taken=st.integers(1, 600))
def test_the_wait_that_is_told_is_enough_and_no_longer_than_needed(per_minute: float, n_taken: int) -> None:
    clock, wanted = Clock(), [("anyone", Rate(per_minute))]
    limits = MessageLimits(OPEN, clock)
    for _ in range(n_taken):
        limits.take(wanted)
    wait_s = limits.take(wanted)
    assert 0 <= wait_s <= 60 / per_minute + 1e-6
    if wait_s > 0.01:
        clock.now += wait_s - 0.005
        assert limits.take(wanted) > 0
        clock.now += 0.006
        assert limits.take(wanted) == 0


def test_a_refusal_by_one_bucket_takes_nothing_from_the_others() -> None:
    limits = MessageLimits(OPEN, Clock())
    tight, wide = ("tight", Rate(1)), ("wide", Rate(3))
    assert limits.take([tight, wide]) == 0
    assert all(limits.take([tight, wide]) > 0 for _ in range(10))
    assert [limits.take([wide]) == 0 for _ in range(3)] == [True, True, False]


def test_each_person_has_their_own_and_moderators_have_more() -> None:
    limits = MessageLimits(replace(OPEN, person=Rate(2), moderator=Rate(5)), Clock())
    assert allowed(limits, asked("telegram:1"), 9) == 2
    assert allowed(limits, asked("telegram:2"), 9) == 2
    assert allowed(limits, asked("telegram:3", moderator=True), 9) == 5


def test_a_space_and_everybody_together_have_theirs() -> None:
    limits = MessageLimits(replace(OPEN, space=Rate(3), everyone=Rate(5)), Clock())
    assert allowed(limits, asked(space="telegram:-1"), 9) == 3
    assert allowed(limits, asked(space="telegram:-2"), 9) == 2
    assert limits.admit(asked(space="telegram:-3")) == 12


def test_what_was_overheard_is_limited_by_the_channel_too() -> None:
    limits = MessageLimits(replace(OPEN, unasked=Rate(2)), Clock())
    assert allowed(limits, asked(addressed=False), 9) == 2
    assert allowed(limits, asked(addressed=False, conversation="another"), 9) == 2
    assert allowed(limits, asked(), 9) == 9


def test_the_wait_is_whole_seconds_and_passes() -> None:
    clock = Clock()
    limits = MessageLimits(replace(OPEN, person=Rate(20)), clock)
    assert allowed(limits, asked(), 21) == 20
    assert limits.admit(asked()) == 3
    clock.now += 3
    assert limits.admit(asked()) == 0


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    clock = Clock()
    limits = MessageLimits(replace(OPEN, person=Rate(1)), clock)
    assert limits.admit(asked()) == 0
    clock.now -= 500
    assert limits.admit(asked()) > 0


def test_who_was_told_of_a_limit_is_silenced_until_let_in_again_and_told_once_a_minute() -> None:
    clock = Clock()
    limits = MessageLimits(replace(OPEN, person=Rate(20)), clock)
    said = asked()
    space, person = said.space, said.person
    assert allowed(limits, said, 25) == 20
    assert not limits.is_silenced(space, person)
    assert limits.tell(space, person) and not limits.tell(space, person)
    assert limits.is_silenced(space, person) and not limits.is_silenced(SpaceId("telegram:-2"), person)
    clock.now += 3
    assert not limits.is_silenced(space, person)
    assert limits.admit(said) == 0
    assert limits.is_silenced(space, person) and not limits.tell(space, person)
    clock.now += 57
    assert limits.tell(space, person)


def test_presses_count_as_messages_do_and_completions_by_themselves() -> None:
    limits = MessageLimits(replace(OPEN, person=Rate(3)), Clock())
    said = asked()
    assert [limits.admit_press(said.space, said.person) for _ in range(4)] == [0, 0, 0, 20]
    assert limits.admit(said) == 20
    assert sum(limits.admit_completion(said.person) for _ in range(500)) == COMPLETIONS_PER_MINUTE
    assert limits.admit_completion(asked("telegram:2").person)


@pytest.mark.parametrize("rate", [Rate(0), Rate(1)])
def test_zero_is_no_limit_and_the_terminal_has_none(rate: Rate) -> None:
    limits = MessageLimits(replace(OPEN, person=rate), Clock())
    said = asked() if rate == Rate(0) else message("When?", key="1", person=MEMBER)
    assert allowed(limits, said, 500) == 500


def test_memory_is_bounded() -> None:
    limits = MessageLimits(OPEN, Clock())
    for n in range(MAX_BUCKETS + 50):
        limits.take([(str(n), Rate(1))])
    assert len(limits._buckets) == MAX_BUCKETS
    assert limits.take([(str(MAX_BUCKETS + 49), Rate(1))]) > 0
