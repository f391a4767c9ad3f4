"""PPO and KTO on the default model: how many of its replies become short ones, beside shuffled rewards.

Minutes a run on one core: ``make bench-short-answers``.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from bench.arguments import add_models, parser_for
from bench.table import heading, row
from bench.timing import timed
from core.models.catalog import DEFAULT_LANGUAGE_MODEL
from core.training.batching import BatchFinder, TrainingBatch
from core.training.kto import ThumbedReply, kto
from core.training.likelihood import PromptedReply
from core.training.losses import kl_divergence
from core.training.ppo.algorithm import Ppo, PpoSettings
from core.training.ppo.experience import FreshResponses, Judge, log_probs_of
from core.training.ppo.policy import Policy
from core.training.student import LoraShape, open_student
from core.training.trainer import Recipe, TrainingRun
from core.types import PromptTurn
from tests.core.training.preference import shuffled
from tests.lessons import FACTS

SYSTEM = PromptTurn("system", "You are helpful.")
PROMPTS = [(SYSTEM, PromptTurn("user", f"Tell me about {thing}.")) for thing in FACTS]
UNSEEN = [
    (SYSTEM, PromptTurn("user", f"Tell me about {thing}.")) for thing in ("the sea", "bread", "the moon", "chess")
]

MAX_WORDS = 10
"""A reply is short up to here."""

N_TOKENS = 24
"""Replies are cut off here, where hardly any has fewer than 15 words."""

PRACTICE = PpoSettings(rows=16, n_epochs=2, kl_weight=0.02, max_kl=1.0, max_rate=3e-4, min_rate=1e-4, n_warmup=3)


def judge(asked: Sequence[tuple[Sequence[PromptTurn], str]]) -> list[float]:
    """Return 1 for no word at all, 0 at ``MAX_WORDS``, -1 from twice as many on; an empty reply is as bad as those."""
    lengths = [len(text.split()) for _, text in asked]
    return [max(-1.0, 1 - n / MAX_WORDS) if n else -1.0 for n in lengths]


def is_short(text: str) -> bool:
    return 0 < len(text.split()) <= MAX_WORDS


def policy(models: Path) -> Policy:
    """Return the default model with new LoRA weights."""
    return Policy(open_student(DEFAULT_LANGUAGE_MODEL, models, LoraShape(dropout=0.0), 0, lambda key: None))


def replies(
    of: Policy, prompts: Sequence[Sequence[PromptTurn]], n: int, seed: int
) -> list[tuple[Sequence[PromptTurn], str]]:
    """Return ``n`` fresh replies with what was asked."""
    asked = [prompts[i % len(prompts)] for i in range(n)]
    torch.manual_seed(seed)
    written = of.write([of.student.prompt_tokens(prompt) for prompt in asked], N_TOKENS)
    return [(prompt, of.text(each)) for prompt, each in zip(asked, written, strict=True)]


def behaviour(of: Policy, n: int) -> dict[str, float]:
    """Return the share of short replies to prompts that were trained on and to others, and the KL of the former."""
    torch.manual_seed(99)
    written = of.write([of.student.prompt_tokens(PROMPTS[i % len(PROMPTS)]) for i in range(n)], N_TOKENS)
    batching = BatchFinder(TrainingBatch(16), lambda batch: None)
    new = torch.cat(log_probs_of(written, of, batching))[None]
    with of.base():
        reference = torch.cat(log_probs_of(written, of, batching))[None]
    kl = kl_divergence(reference, new, torch.ones_like(new, dtype=torch.bool)).item()
    others = [is_short(text) for _, text in replies(of, UNSEEN, n, 98)]
    return {"short": sum(is_short(of.text(each)) for each in written) / n, "unseen": sum(others) / n, "kl": kl}


def practise(of: Policy, judged: Judge, n_steps: int) -> int:
    """Take PPO steps on fresh replies, ending when the KL is at its bound; return how many."""
    source = FreshResponses(
        PROMPTS, of, judged, BatchFinder(TrainingBatch(16), lambda batch: None), PRACTICE.rows, N_TOKENS
    )
    settings = replace(PRACTICE, n_steps=n_steps, n_warmup=min(PRACTICE.n_warmup, n_steps - 1))
    ppo = Ppo(of, settings, BatchFinder(TrainingBatch(16), lambda batch: None))
    for _ in range(n_steps):
        step = ppo.step(source)
        told = f"step {step.number}: reward {step.reward:+.2f}, {step.n_tokens:.0f} tokens, KL {step.kl:.2f}"
        print(f"  {told}", flush=True)
        if step.is_too_far:
            break
    return len(ppo.history)


def rated(of: Policy, n: int, is_shuffled: bool) -> list[ThumbedReply]:
    """Return replies of the model, disliked, and the same cut after a few words, liked; or thumbs that fell anyhow."""
    chance = random.Random(1)
    told = replies(of, PROMPTS, n, 7)
    cut = [
        (prompt, " ".join(text.split()[: chance.randint(5, MAX_WORDS)]).rstrip(",;:.") + ".") for prompt, text in told
    ]
    labels = [False] * n + [True] * n
    if is_shuffled:
        chance.shuffle(labels)
    return [
        ThumbedReply(PromptedReply(tuple(prompt), text), label)
        for (prompt, text), label in zip([*told, *cut], labels, strict=True)
        if text
    ]


def by_kto(of: Policy, n: int, is_shuffled: bool) -> int:
    """Learn from ``2 n`` thumbs and return how many updates that took."""
    recipe = Recipe(max_rate=2e-4, warmup=0.1, batch=TrainingBatch(8, 1), n_epochs=2, max_length=128)
    with tempfile.TemporaryDirectory() as scratch:
        return len(kto(of.student, rated(of, n, is_shuffled), [], recipe, TrainingRun(Path(scratch))).updates)


def main() -> None:
    parser = parser_for(__doc__)
    add_models(parser)
    parser.add_argument("--steps", type=int, default=25, help="of PPO, each time")
    parser.add_argument("--replies", type=int, default=48, help="that are rated for KTO, and that are measured")
    given = parser.parse_args()
    print(heading("way", "rewards", "short before", "after", "unseen before", "after", "KL", "updates", "minutes"))
    for is_shuffled in (False, True):
        for way in ("PPO, fresh answers", "KTO, stored thumbs"):
            of = policy(given.models)
            before = behaviour(of, given.replies)
            with timed() as training:
                if way.startswith("PPO"):
                    n_steps = practise(of, shuffled(judge, 1) if is_shuffled else judge, given.steps)
                else:
                    n_steps = by_kto(of, given.replies, is_shuffled)
            after = behaviour(of, given.replies)
            rewards = "shuffled" if is_shuffled else "right"
            shares = (f"{of[name]:.0%}" for name in ("short", "unseen") for of in (before, after))
            minutes = f"{training.cpu_s / 60:.0f}"
            print(row(way, rewards, *shares, f"{after['kl']:.2f}", n_steps, minutes), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
