"""A made-up preference over what the tiny model says: more Portuguese words than others. And a run to learn it.

As a program, which can be killed: ``python -m tests.core.training.preference ppo|sft MODEL CHECKPOINTS N_STEPS``.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from core.training.batching import BatchFinder, TrainingBatch
from core.training.checkpoint import Checkpoints, TimeBox
from core.training.losses import kl_divergence
from core.training.ppo.algorithm import ExperienceSource, Ppo, PpoSettings, Step
from core.training.ppo.experience import FreshResponses, Judge, RatedResponse, StoredThumbs, log_probs_of
from core.training.ppo.policy import Policy
from core.training.student import LoraShape, open_student
from core.types import PromptTurn
from tests.tiny import WORDS

PORTUGUESE = set(WORDS[:6])
PROMPTS = [[PromptTurn("user", word)] for word in WORDS]
N_TOKENS = 16


def is_portuguese(text: str) -> bool:
    words = text.split()
    return bool(words) and 2 * sum(word in PORTUGUESE for word in words) > len(words)


def judge(asked: Sequence[tuple[Sequence[PromptTurn], str]]) -> list[float]:
    return [1.0 if is_portuguese(text) else -1.0 for _, text in asked]


def shuffled(judge: Judge, seed: int) -> Judge:
    """Return a judge that gives the same rewards, to the wrong responses."""
    chance = random.Random(seed)

    def judges(asked: Sequence[tuple[Sequence[PromptTurn], str]]) -> list[float]:
        rewards = list(judge(asked))
        chance.shuffle(rewards)
        return rewards

    return judges


def batching(rows: int = 512) -> BatchFinder:
    return BatchFinder(TrainingBatch(rows), lambda batch: None)


def policy(name: str, dropout: float = 0.0) -> Policy:
    """Return the tiny model with fresh LoRA weights."""
    student = open_student(name, Path("unused"), LoraShape(rank=8, alpha=16, dropout=dropout), 0, lambda key: None)
    of = Policy(student)
    for module in student.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = dropout
    return of


def fresh(of: Policy, judge: Judge, rows: int = 64) -> FreshResponses:
    return FreshResponses(PROMPTS, of, judge, batching(), rows, N_TOKENS)


def thumbs(of: Policy, judge: Judge, n: int, rows: int) -> StoredThumbs:
    """Return what the policy says now, as such people rate it; every other one with its log-probabilities."""
    torch.manual_seed(7)
    prompts = [PROMPTS[i % len(PROMPTS)] for i in range(n)]
    written = of.write([of.student.prompt_tokens(prompt) for prompt in prompts], N_TOKENS)
    rewards = judge([(prompt, of.text(each)) for prompt, each in zip(prompts, written, strict=True)])
    scores = log_probs_of(written, of, batching())
    rated = [
        RatedResponse(each, reward, tuple(score.tolist()) if number % 2 else ())
        for number, (each, reward, score) in enumerate(zip(written, rewards, scores, strict=True))
    ]
    return StoredThumbs(rated, of, rows, 0, batching())


def behaviour(of: Policy, n: int = 400) -> tuple[float, float]:
    """Return the share of responses that are as wanted, and the KL to the base in nats a token."""
    torch.manual_seed(99)
    written = of.write([of.student.prompt_tokens(PROMPTS[i % len(PROMPTS)]) for i in range(n)], N_TOKENS)
    new = torch.cat(log_probs_of(written, of, batching()))[None]
    with of.base():
        reference = torch.cat(log_probs_of(written, of, batching()))[None]
    kl = kl_divergence(reference, new, torch.ones_like(new, dtype=torch.bool))
    return sum(is_portuguese(of.text(each)) for each in written) / n, kl.item()


ONLINE = PpoSettings(n_steps=40, max_rate=5e-3, kl_weight=0.02, max_kl=1.0)
OFFLINE = PpoSettings(n_steps=40, max_rate=3e-3, kl_weight=0.02, max_kl=2.0)
"""On stored replies, which the policy would no longer give, the KL looks two to four times what it is."""


def settings(n_steps: int) -> PpoSettings:
    return replace(ONLINE, n_steps=n_steps)


def learn(of: Policy, source: ExperienceSource, by: PpoSettings) -> list[Step]:
    """Take steps to the end, without checkpoints."""
    ppo = Ppo(of, by, batching())
    for _ in range(by.n_steps):
        if ppo.step(source).is_too_far:
            break
    return ppo.history


def digest(of: Policy) -> str:
    weights = (value.detach().numpy().tobytes() for value in of.weights.values())
    return hashlib.sha256(b"".join(weights)).hexdigest()


def practise(name: str, folder: Path, n_steps: int) -> None:
    learner = policy(name)
    ppo = Ppo(learner, settings(n_steps), batching())

    def show(step: Step) -> None:
        print(step.number, flush=True)

    ppo.run(fresh(learner, judge, 16), Checkpoints(folder, "the run"), TimeBox(None), 2, show)
    print(digest(learner), flush=True)


def study(name: str, folder: Path, n_steps: int) -> None:
    """Fine-tune on what is liked, with TRL; dropout is on, so that chance must go on where it was too."""
    from core.training.likelihood import PromptedReply
    from core.training.sft import sft
    from core.training.trainer import Recipe, TrainingRun, Update

    learner = policy(name, dropout=0.1)
    taught = [PromptedReply(tuple(PROMPTS[i % 14]), " ".join(WORDS[i % 6 : i % 6 + 3])) for i in range(40)]
    recipe = Recipe(max_rate=5e-3, batch=TrainingBatch(2, 2), max_steps=n_steps, max_length=64, save_every=2)

    def tell(update: Update) -> None:
        print(update.step, flush=True)

    sft(learner.student, taught, [], recipe, TrainingRun(folder / "scratch", Checkpoints(folder, "the run"), tell=tell))
    print(digest(learner), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"ppo": practise, "sft": study}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
