"""A made-up preference, learned three ways: how far the behaviour moves, how far from the base, and what chance does.

The model is tiny and drawn at random (``tests.tiny``), so that everything takes seconds: ``make bench-training``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from bench.table import heading, row
from bench.timing import timed
from core.training.batching import TrainingBatch
from core.training.kto import kto
from core.training.ppo.policy import Policy
from core.training.trainer import Recipe, TrainingRun
from tests.core.training.preference import OFFLINE, ONLINE, behaviour, fresh, judge, learn, policy, shuffled, thumbs
from tests.core.training.test_kto import thumbs as kto_thumbs
from tests.tiny import write_tiny_model


def online(of: Policy, is_shuffled: bool) -> None:
    learn(of, fresh(of, shuffled(judge, 1) if is_shuffled else judge), ONLINE)


def offline(of: Policy, is_shuffled: bool) -> None:
    learn(of, thumbs(of, shuffled(judge, 1) if is_shuffled else judge, 1024, 128), OFFLINE)


def by_kto(of: Policy, is_shuffled: bool) -> None:
    recipe = Recipe(max_rate=3e-3, batch=TrainingBatch(64, 1), n_epochs=2, max_length=64)
    with tempfile.TemporaryDirectory() as scratch:
        kto(of.student, kto_thumbs(of, 1024, is_shuffled), [], recipe, TrainingRun(Path(scratch)))


WAYS: dict[str, Callable[[Policy, bool], None]] = {
    "PPO, fresh answers": online,
    "PPO, stored thumbs": offline,
    "KTO, stored thumbs": by_kto,
}


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        name = write_tiny_model(Path(folder))
        print(heading("way", "rewards", "as wanted before", "after", "KL to the base, nats a token", "seconds"))
        for way, train in WAYS.items():
            for is_shuffled in (False, True):
                learner = policy(name)
                before, _ = behaviour(learner)
                with timed() as training:
                    train(learner, is_shuffled)
                share, kl = behaviour(learner)
                rewards = "shuffled" if is_shuffled else "right"
                cells = (f"{before:.0%}", f"{share:.0%}", f"{kl:.2f}", f"{training.wall_s:.0f}")
                print(row(way, rewards, *cells), flush=True)


if __name__ == "__main__":
    main()
