"""The learning rate over a run: linear warm-up, then a cosine down to α_min (specification 1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi


@dataclass(frozen=True, slots=True)
class Schedule:
    """A run of ``n_steps`` updates of the weights, the first ``n_warmup`` of them warming up.

    Raises ``ValueError`` unless 0 ≤ ``n_warmup`` < ``n_steps`` and 0 ≤ ``min_rate`` ≤ ``max_rate``.
    """

    max_rate: float
    n_steps: int
    n_warmup: int = 0
    min_rate: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.n_warmup < self.n_steps:
            raise ValueError(f"{self.n_warmup} steps of warm-up do not fit {self.n_steps} steps")
        if not 0 <= self.min_rate <= self.max_rate:
            raise ValueError(f"a rate cannot fall from {self.max_rate} to {self.min_rate}")


def learning_rate(step: int, schedule: Schedule) -> float:
    """Return the learning rate of update ``step``, counted from 1.

    α_t = α_max · t / T_w up to t = T_w, then α_min + ½ (α_max - α_min) (1 + cos(π (t - T_w) / T)) with T, the length
    of the descent, so that the last update has α_min. What lies beyond the last update keeps α_min.
    """
    if step <= schedule.n_warmup:
        return schedule.max_rate * step / schedule.n_warmup if schedule.n_warmup else schedule.max_rate
    progress = min(1.0, (step - schedule.n_warmup) / (schedule.n_steps - schedule.n_warmup))
    return schedule.min_rate + 0.5 * (schedule.max_rate - schedule.min_rate) * (1 + cos(pi * progress))


def factor(n_done: int, schedule: Schedule) -> float:
    """Return what ``torch.optim.lr_scheduler.LambdaLR`` multiplies α_max by after ``n_done`` updates."""
    return learning_rate(n_done + 1, schedule) / schedule.max_rate if schedule.max_rate else 0.0
