from math import cos, isclose, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.training.schedule import Schedule, factor, learning_rate


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    n_steps = draw(st.integers(1, 500))
    max_rate = draw(st.floats(1e-7, 1))
    return Schedule(max_rate, n_steps, draw(st.integers(0, n_steps - 1)), max_rate * draw(st.floats(0, 1)))


def test_the_rate_is_the_specifications_formula_at_every_step():
    schedule = Schedule(2e-4, n_steps=110, n_warmup=10, min_rate=2e-5)
    for t in range(1, 11):
        assert isclose(learning_rate(t, schedule), 2e-4 * t / 10)
    for t in range(11, 111):
        assert isclose(learning_rate(t, schedule), 2e-5 + 0.5 * (2e-4 - 2e-5) * (1 + cos(pi * (t - 10) / 100)))


@given(schedules())
def test_it_rises_to_the_top_falls_to_the_bottom_and_stays(schedule: Schedule):
    rates = [learning_rate(t, schedule) for t in range(1, schedule.n_steps + 1)]
    up, down = rates[: schedule.n_warmup], rates[schedule.n_warmup :]
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    if schedule.n_warmup:
        assert isclose(up[-1], schedule.max_rate)
    assert isclose(rates[-1], schedule.min_rate, abs_tol=1e-12)
    assert learning_rate(schedule.n_steps + 100, schedule) == rates[-1]
    assert all(0 < rate <= schedule.max_rate * (1 + 1e-9) for rate in rates[:-1])


@given(schedules(), st.integers(0, 600))
def test_torchs_factor_gives_the_rate_of_the_next_update(schedule: Schedule, n_done: int):
    assert isclose(factor(n_done, schedule) * schedule.max_rate, learning_rate(n_done + 1, schedule), abs_tol=1e-15)


@pytest.mark.parametrize(("n_steps", "n_warmup", "low"), [(10, 10, 0), (0, 0, 0), (10, -1, 0), (10, 0, 2), (5, 0, -1)])
def test_what_is_no_schedule_is_refused(n_steps: int, n_warmup: int, low: float):
    with pytest.raises(ValueError, match=r"steps|rate"):
        Schedule(1.0, n_steps, n_warmup, low)
