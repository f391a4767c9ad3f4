from __future__ import annotations

import random
from math import isclose

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.training.scaling import Law, ScalingRun, bootstrap, fit, fit_by_projection, optimum

SIZES = [2e7, 6e7, 2e8, 6e8, 2e9]
TOKENS = [2e8, 1e9, 5e9, 2.5e10]

laws = st.builds(
    Law,
    e=st.floats(0.8, 2.5),
    a=st.floats(100, 1000),
    b=st.floats(100, 1000),
    alpha=st.floats(0.25, 0.45),
    beta=st.floats(0.25, 0.45),
)


def runs(law: Law, noise: float = 0.0, seed: int = 0) -> list[ScalingRun]:
    chance = random.Random(seed)
    return [ScalingRun(n, d, law.loss(n, d) * (1 + chance.gauss(0, noise))) for n in SIZES for d in TOKENS]


@given(laws)
@settings(max_examples=15, deadline=None)
def test_the_law_that_made_the_runs_is_found(law: Law):
    found = fit(runs(law))
    assert isclose(found.e, law.e, rel_tol=0.01)
    assert isclose(found.alpha, law.alpha, rel_tol=0.02)
    assert isclose(found.beta, law.beta, rel_tol=0.02)
    for flops in (1e18, 1e20):
        assert isclose(optimum(found, flops).n_params, optimum(law, flops).n_params, rel_tol=0.05)


def test_chinchillas_own_parameters_are_found_under_noise_and_a_run_gone_astray():
    law = Law(1.69, 406.4, 410.7, 0.34, 0.28)
    some = [*runs(law, noise=0.002), ScalingRun(6e8, 5e9, 9.0)]
    found = fit(some)
    assert isclose(found.alpha, 0.34, abs_tol=0.05)
    assert isclose(found.beta, 0.28, abs_tol=0.05)
    for run in runs(law):
        assert isclose(found.loss(run.n_params, run.n_tokens), run.loss, rel_tol=0.02)


@given(laws, st.floats(1e16, 1e23))
@settings(max_examples=50, deadline=None)
def test_no_other_use_of_the_budget_is_better(law: Law, flops: float):
    best = optimum(law, flops)
    assert isclose(6 * best.n_params * best.n_tokens, flops, rel_tol=1e-9)
    for n_params in np.geomspace(best.n_params / 30, best.n_params * 30, 61):
        assert law.loss(n_params, flops / 6 / n_params) >= best.loss - 1e-12


@pytest.mark.parametrize(
    "bad",
    [
        [],
        runs(Law(1.7, 400, 400, 0.3, 0.3))[:5],
        [ScalingRun(1e8, d, 3.0) for d in np.geomspace(1e8, 1e10, 8)],
        [ScalingRun(1e8, 1e9, 0.0)] * 8,
    ],
)
def test_too_little_is_refused(bad: list[ScalingRun]):
    with pytest.raises(BadInput):
        fit(bad)


@given(laws)
@settings(max_examples=10, deadline=None)
def test_variable_projection_finds_the_same_law_on_its_grid(law: Law):
    found, exact = fit_by_projection(runs(law)), fit(runs(law))
    assert isclose(found.alpha, exact.alpha, abs_tol=0.03)
    assert isclose(found.beta, exact.beta, abs_tol=0.03)
    for run in runs(law):
        assert isclose(found.loss(run.n_params, run.n_tokens), run.loss, rel_tol=0.01)


def test_a_bootstrap_spreads_with_the_noise_around_the_law():
    law = Law(1.69, 406.4, 410.7, 0.34, 0.28)
    quiet, loud = ([each.alpha for each in bootstrap(runs(law, noise=noise), 40, seed=1)] for noise in (0.0, 0.01))
    assert max(quiet) - min(quiet) < max(loud) - min(loud)
    assert min(loud) < 0.34 < max(loud)
    assert bootstrap(runs(law), 3, seed=2) == bootstrap(runs(law), 3, seed=2)
