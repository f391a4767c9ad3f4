"""Learning-rate schedule: linear warm-up, then cosine decay to α_min (specification 1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rates of a run of ``n_steps`` updates, the first ``n_warmup`` of them warming up.

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

    α_t = α_max · t / T_w up to t = T_w, then α_min + ½ (α_max - α_min) (1 + cos(π (t - T_w) / T)) with T the number of
    updates after the warm-up. The last update, and any step beyond it, has α_min.
    """
    if step <= schedule.n_warmup:
        return schedule.max_rate * step / schedule.n_warmup if schedule.n_warmup else schedule.max_rate
    progress = min(1.0, (step - schedule.n_warmup) / (schedule.n_steps - schedule.n_warmup))
    return schedule.min_rate + 0.5 * (schedule.max_rate - schedule.min_rate) * (1 + cos(pi * progress))


def factor(n_done: int, schedule: Schedule) -> float:
    """Return the multiple of α_max after ``n_done`` updates, for ``torch.optim.lr_scheduler.LambdaLR``."""
    return learning_rate(n_done + 1, schedule) / schedule.max_rate if schedule.max_rate else 0.0
