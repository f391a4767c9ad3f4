"""KTO moves what the tiny model says towards what people like, and nowhere when thumbs fell on the wrong replies."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.training.batching import TrainingBatch
from core.training.kto import ThumbedReply, kto
from core.training.likelihood import PromptedReply
from core.training.ppo.policy import Policy
from core.training.trainer import Recipe, TrainingRun
from tests.core.training.preference import N_TOKENS, PROMPTS, behaviour, judge, policy, shuffled
from tests.tiny import write_tiny_model


def thumbs(of: Policy, n: int, is_shuffled: bool) -> list[ThumbedReply]:
    """Return what the policy says now, as people with that taste rate it."""
    torch.manual_seed(7)
    prompts = [PROMPTS[i % len(PROMPTS)] for i in range(n)]
    written = of.write([of.student.prompt_tokens(prompt) for prompt in prompts], N_TOKENS)
    replies = [(prompt, of.text(each)) for prompt, each in zip(prompts, written, strict=True)]
    rewards = (shuffled(judge, 1) if is_shuffled else judge)(replies)
    return [
        ThumbedReply(PromptedReply(tuple(prompt), reply), reward > 0)
        for (prompt, reply), reward in zip(replies, rewards, strict=True)
        if reply
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_preference_is_learned_within_the_bound_and_shuffled_thumbs_teach_nothing(tmp_path: Path) -> None:
    name = write_tiny_model(tmp_path / "tiny")

    def after(is_shuffled: bool) -> tuple[float, float, float]:
        learner = policy(name)
        before, _ = behaviour(learner)
        recipe = Recipe(max_rate=3e-3, batch=TrainingBatch(64, 1), n_epochs=2, max_length=64)
        run = TrainingRun(tmp_path / f"shuffled {is_shuffled}")
        kto(learner.student, thumbs(learner, 1024, is_shuffled), [], recipe, run)
        return before, *behaviour(learner)

    before, share, kl = after(is_shuffled=False)
    assert before < 0.3
    assert share > 0.8
    assert kl < 1.2
    _, share, _ = after(is_shuffled=True)
    assert share < 0.4
