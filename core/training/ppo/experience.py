"""Experience for PPO: stored rated responses, or fresh samples scored by a reward model. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.errors import BadInput
from core.training.batching import BatchFinder, TrainingBatch
from core.training.losses import advantages_and_returns, whitened
from core.training.ppo.algorithm import Experience
from core.training.ppo.policy import Policy, SampledResponse
from core.types import PromptTurn

Judge = Callable[[Sequence[tuple[Sequence[PromptTurn], str]]], Sequence[float]]
"""Returns the reward of each (prompt, response) pair, -1..1."""


@dataclass(frozen=True, slots=True)
class RatedResponse:
    """A stored response with its reward, -1..1, and its tokens' log-probabilities when it was sampled, where known."""

    written: SampledResponse
    reward: float
    log_probs: tuple[float, ...] = ()


class StoredThumbs:
    """Off-policy experience: rated responses, reshuffled for every pass; advantages are rewards less the step's mean.

    In the first pass ratios are to the policy that wrote the responses. From the second pass on, where clipping
    against that policy would stop all learning, they are to the policy at the beginning of the step, and the KL to the
    base bounds the change. On responses that the policy no longer gives the KL is overestimated, so runs end early
    rather than late.
    """

    def __init__(
        self, rated: Sequence[RatedResponse], policy: Policy, rows: int, seed: int, batching: BatchFinder
    ) -> None:
        """Score the responses by the base, and by the present policy where no log-probabilities were recorded.

        Must be made before a checkpoint is restored. Raises ``BadInput`` when all rewards are equal.
        """
        if len({each.reward for each in rated}) < 2:
            raise BadInput("train.one_kind")
        self._rows, self._seed = min(rows, len(rated)), seed
        self._policy, self._batching = policy, batching
        written = [each.written for each in rated]
        now = log_probs_of(written, policy, batching)
        with policy.base():
            reference = log_probs_of(written, policy, batching)
        self.n_rescored = sum(len(each.log_probs) != len(each.written.response) for each in rated)
        self._experience = [
            Experience(each.written, _recorded(each, score), base, torch.zeros_like(score), each.reward)
            for each, score, base in zip(rated, now, reference, strict=True)
        ]

    def experience(self, step: int) -> Sequence[Experience]:
        """Return the rows of step ``step``; each row occurs once a pass."""
        n = len(self._experience)
        places = range((step - 1) * self._rows, step * self._rows)
        orders = {n_passed: self._order(n_passed) for n_passed in {place // n for place in places}}
        chosen = [self._experience[orders[place // n][place % n]] for place in places]
        if step * self._rows > n:
            now = log_probs_of([each.written for each in chosen], self._policy, self._batching)
            chosen = [replace(each, old=score) for each, score in zip(chosen, now, strict=True)]
        mean = sum(each.reward for each in chosen) / len(chosen)
        return [replace(each, advantages=torch.full_like(each.old, each.reward - mean)) for each in chosen]

    def _order(self, n_passed: int) -> list[int]:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + n_passed)
        return torch.randperm(len(self._experience), generator=generator).tolist()


@dataclass(frozen=True, slots=True)
class FreshResponses:
    """On-policy experience: sampled responses with the reward at their last token, and whitened GAE advantages.

    ``discount`` is γ and ``decay`` λ of GAE.
    """

    prompts: Sequence[Sequence[PromptTurn]]
    policy: Policy
    judge: Judge
    batching: BatchFinder
    rows: int
    max_new_tokens: int = 64
    discount: float = 1.0
    decay: float = 0.95

    def experience(self, step: int) -> Sequence[Experience]:
        """Sample and score responses to the next ``rows`` prompts, in turn."""
        chosen = [self.prompts[place % len(self.prompts)] for place in range((step - 1) * self.rows, step * self.rows)]
        ids = [self.policy.student.prompt_tokens(prompt) for prompt in chosen]
        written = self.batching.run(lambda batch: self._draw(ids, batch))
        asked = [(prompt, self.policy.text(each)) for prompt, each in zip(chosen, written, strict=True)]
        return self._valued(written, self.judge(asked))

    def _draw(self, ids: Sequence[Sequence[int]], batch: TrainingBatch) -> list[SampledResponse]:
        parts = (ids[start : start + batch.rows] for start in range(0, len(ids), batch.rows))
        return [each for part in parts for each in self.policy.write(part, self.max_new_tokens)]

    def _valued(self, written: Sequence[SampledResponse], rewards: Sequence[float]) -> list[Experience]:
        scores = self.batching.run(lambda batch: _scores(written, self.policy, batch))
        with self.policy.base():
            reference = log_probs_of(written, self.policy, self.batching)
        found = []
        for (_, values), reward in zip(scores, rewards, strict=True):
            earned = torch.zeros_like(values)
            earned[-1] = reward
            everywhere = torch.ones_like(values, dtype=torch.bool)
            gained = advantages_and_returns(earned[None], values[None], everywhere[None], self.discount, self.decay)
            found.append((gained[0][0], gained[1][0]))
        flat = torch.cat([advantages for advantages, _ in found])[None]
        scaled = whitened(flat, torch.ones_like(flat, dtype=torch.bool))[0]
        parts = torch.split(scaled, [len(each.response) for each in written])
        return [
            Experience(each, old, base, advantages, reward, values, returns)
            for each, (old, values), base, advantages, reward, (_, returns) in zip(
                written, scores, reference, parts, rewards, found, strict=True
            )
        ]


def log_probs_of(written: Sequence[SampledResponse], policy: Policy, batching: BatchFinder) -> list[Tensor]:
    """Return the log-probabilities of each response's tokens, each (t,), on the CPU and without gradient."""
    return [log_probs for log_probs, _ in batching.run(lambda batch: _scores(written, policy, batch))]


@torch.no_grad()
def _scores(written: Sequence[SampledResponse], policy: Policy, batch: TrainingBatch) -> list[tuple[Tensor, Tensor]]:
    """Return log-probabilities and values of each response, each (t,)."""
    scores = []
    for start in range(0, len(written), batch.rows):
        part = written[start : start + batch.rows]
        reading = policy.read(part)
        for each, log_probs, values in zip(part, reading.log_probs.cpu(), reading.values.cpu(), strict=True):
            n = len(each.response)
            scores.append((log_probs[:n].clone(), values[:n].clone()))
    return scores


def _recorded(rated: RatedResponse, score: Tensor) -> Tensor:
    """Return the recorded log-probabilities where there is one for each token; else ``score``."""
    return torch.tensor(rated.log_probs) if len(rated.log_probs) == len(rated.written.response) else score
