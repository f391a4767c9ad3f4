"""Scaling laws: the loss of a model of N parameters on D tokens, and the best N and D for a budget (specification 1.8).

L(N, D) = E + A / N^α + B / D^β (Hoffmann et al. 2022, arXiv 2203.15556, approach 3), with training at 6 N D FLOPs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

Floats = NDArray[np.float64]

MIN_RUNS = 6
"""One more than the law has parameters."""

FLOPS = 6
"""Floating-point operations for each parameter and token of training from scratch: forward 2, backward 4."""

_HUBER = 1e-3
"""Threshold of Huber's loss on log-loss residuals, as in the paper: larger deviations count linearly."""

_MIN_VARIED = 3

_EXPONENTS = np.linspace(0.1, 1.2, 12)
_FINE_EXPONENTS = np.linspace(0.02, 1.5, 38)
_RIDGE = 1e-12
"""Added to normal equations, which are singular where columns of a draw are equal."""

_N_STARTS = 4

_LEAST_FACTOR, _MOST_FACTOR = 1e-6, 1e3
_BOUNDS = (
    np.log([_LEAST_FACTOR] * 3 + [0.02, 0.02]),
    np.log([_MOST_FACTOR] * 3 + [2.0, 2.0]),
)
"""Search bounds of the logarithms of E, A, B, α and β, with N and D divided by their geometric means."""


@dataclass(frozen=True, slots=True)
class ScalingRun:
    """A recorded run: parameters, training tokens, and the loss in nats a token that it ended with."""

    n_params: float
    n_tokens: float
    loss: float


@dataclass(frozen=True, slots=True)
class Law:
    """A fitted law. ``e`` is the irreducible loss, in nats a token."""

    e: float
    a: float
    b: float
    alpha: float
    beta: float

    def loss(self, n_params: float, n_tokens: float) -> float:
        """Return the expected loss, in nats a token."""
        return float(self.e + self.a * n_params**-self.alpha + self.b * n_tokens**-self.beta)


@dataclass(frozen=True, slots=True)
class Optimum:
    """The compute-optimal parameters and tokens for a budget of ``flops``, and the expected loss in nats a token."""

    flops: float
    n_params: float
    n_tokens: float
    loss: float


def optimum(law: Law, flops: float) -> Optimum:
    """Return the N and D with 6 N D = ``flops`` that reach the least loss (the paper's equation 4)."""
    both = law.alpha + law.beta
    g = (law.alpha * law.a / (law.beta * law.b)) ** (1 / both)
    n_params = g * (flops / FLOPS) ** (law.beta / both)
    n_tokens = flops / FLOPS / n_params
    return Optimum(flops, n_params, n_tokens, law.loss(n_params, n_tokens))


def fit(runs: Sequence[ScalingRun]) -> Law:
    """Fit the law to recorded runs by Huber's loss on the logarithm of the losses, summed over the runs.

    For given exponents the law is linear, so the search for all five parameters starts from the best points of a grid
    of exponents. Raises ``BadInput`` for fewer than ``MIN_RUNS`` runs, fewer than
    3 different sizes or amounts of data, or a value that is not positive.
    """
    from scipy.optimize import least_squares

    n, d, loss, n_middle, d_middle = _scaled(runs)

    def parts(x: Floats) -> Floats:
        e, a, b, alpha, beta = np.exp(x)
        return np.stack([np.full_like(n, e), a * n**-alpha, b * d**-beta])

    def residuals(x: Floats) -> Floats:
        return np.asarray(np.log(parts(x).sum(0)) - np.log(loss))

    def slopes(x: Floats) -> Floats:
        e, a, b = of = parts(x)
        alpha, beta = np.exp(x[3:])
        return np.asarray((np.stack([e, a, b, -alpha * np.log(n) * a, -beta * np.log(d) * b]) / of.sum(0)).T)

    least = partial(least_squares, residuals, jac=slopes, bounds=_BOUNDS, loss="huber", f_scale=_HUBER)
    starts = _starts(n, d, loss)[:_N_STARTS]
    found = [least(start, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=500) for start in starts]
    e, a, b, alpha, beta = (float(value) for value in np.exp(min(found, key=lambda each: float(each.cost)).x))
    return Law(e, a * n_middle**alpha, b * d_middle**beta, alpha, beta)


def fit_by_projection(runs: Sequence[ScalingRun]) -> Law:
    """Fit the law by variable projection: exponents from a grid, the linear rest by least squares of relative errors.

    Faster and coarser than ``fit`` (exponents in steps of 0.04), and less patient with a run gone astray. Raises as
    ``fit`` does.
    """
    return _projected(runs, np.ones((1, len(runs))))[0]


def bootstrap(runs: Sequence[ScalingRun], n_draws: int, seed: int = 0) -> tuple[Law, ...]:
    """Return the laws that ``fit_by_projection`` finds in runs drawn with replacement, for intervals.

    Draws with too few different sizes or amounts of data are drawn again. Raises as ``fit`` does.
    """
    _scaled(runs)
    chance = np.random.default_rng(seed)
    draws: list[Floats] = []
    while len(draws) < n_draws:
        drawn = chance.integers(len(runs), size=len(runs))
        if min(_n_varied([runs[i] for i in drawn])) >= _MIN_VARIED:
            draws.append(np.bincount(drawn, minlength=len(runs)).astype(float))
    return tuple(_projected(runs, np.stack(draws)))


def _projected(runs: Sequence[ScalingRun], weights: Floats) -> list[Law]:
    """Return for each row of ``weights`` (draws, runs) the law with the least weighted squares of relative errors."""
    n, d, loss, n_middle, d_middle = _scaled(runs)
    least = np.full(len(weights), np.inf)
    found = np.ones((len(weights), 5))
    for alpha in _FINE_EXPONENTS:
        for beta in _FINE_EXPONENTS:
            columns = np.stack([np.ones_like(n), n**-alpha, d**-beta], 1) / loss[:, None]
            squares = np.einsum("wr,ri,rj->wij", weights, columns, columns) + _RIDGE * np.eye(3)
            factors = np.linalg.solve(squares, (weights @ columns)[..., None])[..., 0].clip(_LEAST_FACTOR)
            errors = (weights * (factors @ columns.T - 1) ** 2).sum(1)
            is_better = errors < least
            least[is_better] = errors[is_better]
            found[is_better] = np.column_stack([factors, np.tile((alpha, beta), (len(weights), 1))])[is_better]
    return [
        Law(float(e), float(a * n_middle**alpha), float(b * d_middle**beta), float(alpha), float(beta))
        for e, a, b, alpha, beta in found
    ]


def _n_varied(runs: Sequence[ScalingRun]) -> tuple[int, int]:
    """Return the numbers of different sizes and amounts of data."""
    return len({run.n_params for run in runs}), len({run.n_tokens for run in runs})


def _scaled(runs: Sequence[ScalingRun]) -> tuple[Floats, Floats, Floats, float, float]:
    """Return N and D of the runs over their geometric means, the losses, and both means.

    Near 1 the five parameters are told apart best. Raises as ``fit`` does.
    """
    if any(min(run.n_params, run.n_tokens, run.loss) <= 0 for run in runs):
        raise BadInput("plan.no_run")
    if len(runs) < MIN_RUNS or min(_n_varied(runs)) < _MIN_VARIED:
        raise BadInput("plan.too_few_runs", n=len(runs), least=MIN_RUNS)
    n, d, loss = (np.array(each, float) for each in zip(*((r.n_params, r.n_tokens, r.loss) for r in runs), strict=True))
    n_middle, d_middle = exp(np.log(n).mean()), exp(np.log(d).mean())
    return n / n_middle, d / d_middle, loss, n_middle, d_middle


def _starts(n: Floats, d: Floats, loss: Floats) -> list[Floats]:
    """Return the logarithms of the five parameters at each point of the grid of exponents, the best first."""
    from scipy.optimize import nnls

    tried = []
    for alpha in _EXPONENTS:
        for beta in _EXPONENTS:
            columns = np.stack([np.ones_like(n), n**-alpha, d**-beta], 1) / loss[:, None]
            factors, error = nnls(columns, np.ones_like(loss))
            tried.append(
                (float(error), *np.log(factors.clip(2 * _LEAST_FACTOR, _MOST_FACTOR / 2)), log(alpha), log(beta))
            )
    return [np.array(start) for _, *start in sorted(tried)]
