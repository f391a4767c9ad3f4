from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.errors import BadInput
from core.training.batching import BatchFinder, TrainingBatch
from core.training.checkpoint import Checkpoints, TimeBox
from core.training.ppo.algorithm import Ppo, PpoSettings, Step
from core.training.ppo.experience import RatedResponse, StoredThumbs, log_probs_of
from core.training.ppo.policy import Policy, SampledResponse
from tests.core.training.preference import (
    N_TOKENS,
    OFFLINE,
    ONLINE,
    PROMPTS,
    batching,
    behaviour,
    digest,
    fresh,
    judge,
    learn,
    policy,
    settings,
    shuffled,
    thumbs,
)
from tests.tiny import write_tiny_model


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


def drawn(of: Policy, n: int = 6) -> list[SampledResponse]:
    torch.manual_seed(3)
    return of.write([of.student.prompt_tokens(PROMPTS[i]) for i in range(n)], N_TOKENS)


def test_a_response_is_read_the_same_alone_and_among_others(name: str):
    reader = policy(name)
    written = drawn(reader)
    assert len({len(each.response) for each in written}) > 1  # there is padding on both sides
    together, alone = log_probs_of(written, reader, batching()), log_probs_of(written, reader, batching(rows=1))
    for each, one, other in zip(written, together, alone, strict=True):
        assert len(one) == len(each.response)
        assert torch.allclose(one, other, atol=1e-5)


def test_log_probabilities_are_those_of_the_bare_model_token_by_token(name: str):
    reader = policy(name)
    each = drawn(reader)[0]
    with torch.no_grad(), reader.base():
        logits = reader.student.model(input_ids=torch.tensor([[*each.prompt, *each.response]])).logits[0]
    with reader.base():
        (scores,) = log_probs_of([each], reader, batching())
    for place, token in enumerate(each.response):
        wanted = torch.log_softmax(logits[len(each.prompt) + place - 1], -1)[token]
        assert torch.isclose(scores[place], wanted, atol=1e-5)


def test_without_lora_it_is_the_base_whatever_it_learned(name: str):
    learner = policy(name)
    written = drawn(learner)
    before = log_probs_of(written, learner, batching())
    learn(learner, fresh(learner, judge, 16), settings(2))
    with learner.base():
        base = log_probs_of(written, learner, batching())
    after = log_probs_of(written, learner, batching())
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(before, base, strict=True))
    assert not all(torch.allclose(a, b, atol=1e-2) for a, b in zip(before, after, strict=True))


def test_halving_the_batch_changes_nothing_that_is_learned(name: str):
    whole, halved = policy(name), policy(name)
    learn(whole, fresh(whole, judge, 16), settings(2))

    def narrow(batch: TrainingBatch) -> None:
        told.append(batch)

    told: list[TrainingBatch] = []
    small = BatchFinder(TrainingBatch(16), narrow)
    source = fresh(halved, judge, 16)
    ppo = Ppo(halved, settings(2), small)
    read = halved.read

    def cramped(batch: list[SampledResponse]):
        if len(batch) > 4 and torch.is_grad_enabled():
            raise torch.OutOfMemoryError("CUDA out of memory")
        return read(batch)

    halved.read = cramped  # type: ignore[method-assign, assignment]
    for _ in range(2):
        ppo.step(source)
    assert told == [TrainingBatch(8, 2), TrainingBatch(4, 4)]
    for one, other in zip(whole.weights.values(), halved.weights.values(), strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_the_first_step_pushes_up_what_is_liked_and_down_what_is_not(name: str):
    learner = policy(name)
    written = drawn(learner)
    rated = [RatedResponse(each, 1.0 if number % 2 else -1.0) for number, each in enumerate(written)]
    before = log_probs_of(written, learner, batching())
    source = StoredThumbs(rated, learner, len(rated), 0, batching())
    Ppo(learner, PpoSettings(n_steps=2, n_epochs=4, max_rate=5e-3), batching()).step(source)
    after = log_probs_of(written, learner, batching())
    moved = [(new - old).sum().item() for new, old in zip(after, before, strict=True)]
    assert sum(moved[1::2]) > 0 > sum(moved[::2])


def test_recorded_log_probabilities_are_used_where_they_are_of_the_same_tokens(name: str):
    learner = policy(name)
    written = drawn(learner, 3)
    recorded = (-0.5,) * len(written[0].response)
    rated = [
        RatedResponse(written[0], 1.0, recorded),
        RatedResponse(written[1], -1.0, (-0.5,) * 99),
        RatedResponse(written[2], -1.0),
    ]
    source = StoredThumbs(rated, learner, 3, 0, batching())
    assert source.n_rescored == 2
    found = {each.written: each for each in source.experience(1)}
    assert found[written[0]].old.tolist() == [-0.5] * len(recorded)
    (scored,) = log_probs_of([written[2]], learner, batching())
    assert torch.allclose(found[written[2]].old, scored)
    assert sum(each.advantages[0].item() for each in found.values()) == pytest.approx(0)


@pytest.mark.parametrize("reward", [1.0, -1.0])
def test_where_everything_is_liked_or_disliked_there_is_nothing_to_prefer(name: str, reward: float):
    learner = policy(name)
    with pytest.raises(BadInput) as refused:
        StoredThumbs([RatedResponse(each, reward) for each in drawn(learner)], learner, 4, 0, batching())
    assert refused.value.key == "train.one_kind"


def test_it_ends_before_it_is_further_from_the_base_than_it_may(name: str, tmp_path: Path):
    learner = policy(name)
    bound = PpoSettings(n_steps=50, rows=16, max_rate=2e-2, kl_weight=0.0, max_kl=0.05)
    ppo = Ppo(learner, bound, batching())
    ending = ppo.run(fresh(learner, judge, 16), Checkpoints(tmp_path, "r"), TimeBox(None), 5, lambda step: None)
    assert ending == "kl"
    assert ppo.history[-1].is_too_far
    assert all(not step.is_too_far for step in ppo.history[:-1])
    assert behaviour(learner)[1] < 0.1  # another sample than the one it was measured on


def test_when_time_is_over_it_saves_and_leaves_and_goes_on_to_the_same(name: str, tmp_path: Path):
    whole = policy(name)
    Ppo(whole, settings(5), batching()).run(
        fresh(whole, judge, 16), Checkpoints(tmp_path / "a", "r"), TimeBox(None), 2, lambda step: None
    )
    now = 0.0
    seen: list[Step] = []

    def show(step: Step) -> None:
        nonlocal now
        now += 3600.0
        seen.append(step)

    for _ in range(3):
        again = policy(name)
        ppo = Ppo(again, settings(5), batching())
        box = TimeBox(2, lambda: now)
        ending = ppo.run(fresh(again, judge, 16), Checkpoints(tmp_path / "b", "r"), box, 100, show)
    assert ending == "done"
    assert [step.number for step in seen] == [1, 2, 3, 4, 5]
    assert digest(again) == digest(whole)


def run(kind: str, name: str, folder: Path, kill_at: int | None) -> str:
    """Run it as its own process; return the digest of its weights, or kill -9 it after a step."""
    command = [sys.executable, "-m", "tests.core.training.preference", kind, name, str(folder), "9"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4]) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.strip() == str(kill_at):
                process.kill()
                return "killed"
    assert process.returncode == 0
    return lines[-1]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["ppo", "sft"])
def test_killed_at_any_step_and_gone_on_elsewhere_the_weights_are_the_same_to_the_bit(
    kind: str, name: str, tmp_path: Path
):
    whole = run(kind, name, tmp_path / "whole", None)
    kill_at = random.SystemRandom().randint(1, 8)
    assert run(kind, name, tmp_path / "here", kill_at) == "killed"
    (tmp_path / "here").mkdir(exist_ok=True)  # a run killed before its first checkpoint has left no folder
    shutil.copytree(tmp_path / "here", tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "here")
    assert run(kind, name, tmp_path / "elsewhere", None) == whole, f"killed after step {kill_at}"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["online", "offline"])
def test_a_preference_is_learned_within_the_bound_and_shuffled_rewards_teach_nothing(name: str, kind: str):
    def after(is_shuffled: bool) -> tuple[float, float, float]:
        learner = policy(name)
        before, _ = behaviour(learner)
        taste = shuffled(judge, 1) if is_shuffled else judge
        if kind == "online":
            learn(learner, fresh(learner, taste), ONLINE)
        else:
            learn(learner, thumbs(learner, taste, 1024, 128), OFFLINE)
        return before, *behaviour(learner)

    before, share, kl = after(is_shuffled=False)
    assert before < 0.3
    assert share > 0.8
    assert kl < 1.2  # the run's bound of 1 was measured on its own samples
    _, share, _ = after(is_shuffled=True)
    assert share < 0.4
