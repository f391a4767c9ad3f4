"""Proximal policy optimisation of LoRA weights (Schulman et al. 2017; specification 1.7).

A step collects experience (``core.training.ppo.experience``) and updates the weights for a few epochs. It depends on
the weights, the step number and the seed alone, so a run resumed from a checkpoint continues exactly.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from safetensors.torch import load_file, save
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pad_sequence

from core.training.batching import BatchFinder, TrainingBatch
from core.training.checkpoint import Checkpoints, TimeBox
from core.training.losses import clipped_surrogate, entropy, kl_divergence, mean_over, value_loss
from core.training.ppo.policy import Policy, SampledResponse
from core.training.schedule import Schedule, learning_rate

Ending = Literal["done", "time", "kl"]
"""Why a run ended: all steps taken, time used up, or the KL bound reached."""

_VALUE_CLIP = 0.2
_WEIGHTS, _OPTIMIZER, _HISTORY = "weights.safetensors", "optimizer.pt", "history.json"


@dataclass(frozen=True, slots=True)
class PpoSettings:
    """Hyperparameters. ``clip`` is ε, ``kl_weight`` β; the run ends at ``max_kl``, in nats a token.

    ``rows`` responses a step, trained on for ``n_epochs``; rates are AdamW's, constant for the value head.
    """

    n_steps: int = 50
    rows: int = 32
    n_epochs: int = 4
    clip: float = 0.2
    kl_weight: float = 0.05
    max_kl: float = 0.5
    max_rate: float = 2e-4
    min_rate: float = 2e-5
    n_warmup: int = 0
    value_rate: float = 1e-2
    entropy_weight: float = 0.0
    max_norm: float = 1.0
    seed: int = 0

    @property
    def schedule(self) -> Schedule:
        """Return the learning-rate schedule over the steps."""
        return Schedule(self.max_rate, self.n_steps, self.n_warmup, self.min_rate)


@dataclass(frozen=True, slots=True)
class Experience:
    """A response with the per-token tensors (t,) that the loss needs, and the ``reward`` of the whole response.

    ``old`` and ``reference`` are log-probabilities under the sampling policy and the frozen base. ``values`` and
    ``returns`` are given where the value head is trained.
    """

    written: SampledResponse
    old: Tensor
    reference: Tensor
    advantages: Tensor
    reward: float
    values: Tensor | None = None
    returns: Tensor | None = None


class ExperienceSource(Protocol):
    """Supplies the experience of each step."""

    def experience(self, step: int) -> Sequence[Experience]:
        """Return the experience of step ``step``, counted from 1; torch's global seed is set before."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """Figures of a step: mean reward and length, loss, KL to the base in nats a token, share of clipped tokens.

    ``is_too_far``: the KL bound was exceeded, and the last update was undone.
    """

    number: int
    reward: float
    n_tokens: float
    loss: float
    kl: float
    clipped: float
    is_too_far: bool = False


class Ppo:
    """A run of PPO: the policy, its optimizer, and the figures of every step."""

    def __init__(self, policy: Policy, settings: PpoSettings, batching: BatchFinder) -> None:
        self.policy = policy
        self.history: list[Step] = []
        self._settings = settings
        self._batching = batching
        self._learns = list(policy.student.weights.values())
        groups = [
            {"params": self._learns, "lr": settings.max_rate},
            {"params": list(policy.value_head.parameters()), "lr": settings.value_rate},
        ]
        self._optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), weight_decay=0.0)

    def run(
        self, source: ExperienceSource, checkpoints: Checkpoints, box: TimeBox, every: int, show: Callable[[Step], None]
    ) -> Ending:
        """Resume from the latest checkpoint and run to the end, saving after ``every`` steps and when time is up.

        At least one step is taken. Raises ``Unavailable`` when a checkpoint cannot be written, ``BadInput`` when the
        checkpoints belong to another run.
        """
        if found := checkpoints.latest():
            self.restore(found.path)
        while not self._ending():
            show(self.step(source))
            is_over = box.is_over
            if is_over or self._ending() or len(self.history) % every == 0:
                checkpoints.save(len(self.history), self.write)
            if is_over:
                break
        return self._ending() or "time"

    def _ending(self) -> Ending | None:
        if self.history and self.history[-1].is_too_far:
            return "kl"
        return "done" if len(self.history) >= self._settings.n_steps else None

    def step(self, source: ExperienceSource) -> Step:
        """Take the next step; when the KL to the base exceeds ``max_kl``, undo the update that led there.

        Raises ``Unavailable`` when the smallest batch does not fit in memory.
        """
        settings, number = self._settings, len(self.history) + 1
        torch.manual_seed(settings.seed * 1_000_003 + number)
        self._optimizer.param_groups[0]["lr"] = learning_rate(number, settings.schedule)
        experience = source.experience(number)
        before, seen = self._copy(), {"loss": 0.0, "kl": 0.0, "clipped": 0.0}
        for _ in range(settings.n_epochs):
            seen = self._batching.run(lambda batch: self._gradients(experience, batch))
            if seen["kl"] > settings.max_kl:
                self._put(before)
                break
            before = self._copy()
            clip_grad_norm_([*self.policy.weights.values()], settings.max_norm)
            self._optimizer.step()
        reward = sum(each.reward for each in experience) / len(experience)
        n_tokens = sum(len(each.written.response) for each in experience) / len(experience)
        self.history.append(Step(number, reward, n_tokens, is_too_far=seen["kl"] > settings.max_kl, **seen))
        return self.history[-1]

    def write(self, folder: Path) -> None:
        """Write weights, optimizer state and history into an empty folder. Raises ``OSError``."""
        weights = {name: of.detach().cpu().contiguous() for name, of in self.policy.weights.items()}
        (folder / _WEIGHTS).write_bytes(save(weights))
        state = io.BytesIO()
        torch.save(self._optimizer.state_dict(), state)
        (folder / _OPTIMIZER).write_bytes(state.getbuffer())  # torch itself would hide a full disk behind another error
        (folder / _HISTORY).write_text(json.dumps([asdict(step) for step in self.history]), encoding="utf-8")

    def restore(self, folder: Path) -> None:
        """Load the state that ``write`` left in ``folder``, onto this run's device."""
        saved = load_file(folder / _WEIGHTS)
        self._put([saved[name] for name in self.policy.weights])
        state: Mapping[str, Any] = torch.load(folder / _OPTIMIZER, map_location="cpu", weights_only=True)
        self._optimizer.load_state_dict(dict(state))
        self.history = [Step(**step) for step in json.loads((folder / _HISTORY).read_text(encoding="utf-8"))]

    def _gradients(self, experience: Sequence[Experience], batch: TrainingBatch) -> dict[str, float]:
        """Accumulate the gradients of the token-mean loss, ``batch.rows`` responses at a time; return the figures."""
        self._optimizer.zero_grad()
        n_tokens = sum(len(each.written.response) for each in experience)
        seen = {"loss": 0.0, "kl": 0.0, "clipped": 0.0}
        for start in range(0, len(experience), batch.rows):
            part = experience[start : start + batch.rows]
            share = sum(len(each.written.response) for each in part) / n_tokens
            loss, of = self._loss(part)
            (share * loss).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            seen = {name: seen[name] + share * value.item() for name, value in {"loss": loss.detach(), **of}.items()}
        return seen

    def _loss(self, part: Sequence[Experience]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss, the KL to the base, and the share of tokens whose ratio is clipped."""
        settings = self._settings
        reading = self.policy.read([each.written for each in part])
        old, reference, advantages = (
            pad_sequence(rows, batch_first=True).to(reading.mask.device)
            for rows in ([e.old for e in part], [e.reference for e in part], [e.advantages for e in part])
        )
        kl = kl_divergence(reference, reading.log_probs, reading.mask)
        loss = (
            clipped_surrogate(reading.log_probs, old, advantages, reading.mask, settings.clip) + settings.kl_weight * kl
        )
        if settings.entropy_weight:
            loss = loss - settings.entropy_weight * entropy(reading.logits, reading.mask)
        if (values := [e.values for e in part if e.values is not None]) and (
            returns := [e.returns for e in part if e.returns is not None]
        ):
            before, after = (pad_sequence(rows, batch_first=True).to(old.device) for rows in (values, returns))
            loss = loss + value_loss(reading.values, before, after, reading.mask, _VALUE_CLIP)
        is_beyond = ((reading.log_probs - old).exp() - 1).abs() > settings.clip
        return loss, {"kl": kl.detach(), "clipped": mean_over(is_beyond.float(), reading.mask)}

    def _copy(self) -> list[Tensor]:
        return [weights.detach().clone() for weights in self.policy.weights.values()]

    @torch.no_grad()
    def _put(self, saved: Sequence[Tensor]) -> None:
        for weights, value in zip(self.policy.weights.values(), saved, strict=True):
            weights.copy_(value)
