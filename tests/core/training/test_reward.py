from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadInput, StorageCorrupt
from core.training.reward import (
    EmbedderReplyEncoder,
    RewardExample,
    RewardModels,
    fit,
    measure,
    question_of,
    reward_examples,
)
from core.types import Matrix, PromptTurn
from tests.fakes import WordEmbedder

GOOD = ["sim claro [1]", "aqui está [1]", "fica na rua azul [2]"]
BAD = ["no idea", "maybe it is somewhere", "ask someone else please"]


def opinions(n: int, seed: int, noise: float = 0.0) -> list[RewardExample]:
    """Return opinions of people who like the good replies, but for the share ``noise`` of them."""
    chance = random.Random(seed)
    found = []
    for number in range(n):
        is_good = chance.random() < 0.6
        reply = f"{chance.choice(GOOD if is_good else BAD)} {chance.choice(['bom', 'dia', 'then', 'now'])}"
        is_liked = is_good != (chance.random() < noise)
        found.append(RewardExample(f"question {number % 40}", reply, 1.0 if is_liked else -1.0))
    return found


@pytest.fixture
def reader() -> EmbedderReplyEncoder:
    return EmbedderReplyEncoder(WordEmbedder())


def test_it_tells_what_people_like_on_replies_it_has_not_seen(reader: EmbedderReplyEncoder):
    model = fit(opinions(200, 1), opinions(100, 2), reader)
    assert model.metrics["auroc"] > 0.95
    assert model.metrics["accuracy"] > 0.9
    assert model.metrics["n_held_out"] == 100


def test_its_probabilities_hold_where_people_disagree(reader: EmbedderReplyEncoder):
    model = fit(opinions(600, 1, noise=0.2), opinions(600, 2, noise=0.2), reader)
    assert model.metrics["ece"] < 0.1
    assert 0.7 < model.metrics["auroc"] < 0.9  # at best .8


def test_thumbs_at_random_teach_nothing(reader: EmbedderReplyEncoder):
    chance = random.Random(5)
    some = [RewardExample(each.question, each.reply, chance.choice([1.0, -1.0])) for each in opinions(300, 1)]
    model = fit(some, opinions(300, 2), reader)
    likes = model.probabilities(reader.vectors([(each.question, each.reply) for each in opinions(100, 3)]))
    assert np.abs(likes - 0.5).max() < 0.25


def test_clear_opinions_weigh_more(reader: EmbedderReplyEncoder):
    faint = [RewardExample(each.question, each.reply, -each.reward / 50) for each in opinions(200, 1)]
    assert fit([*opinions(200, 1), *faint], opinions(100, 2), reader).metrics["auroc"] > 0.9


@pytest.mark.parametrize("reward", [1.0, -1.0])
def test_only_one_kind_of_thumb_is_too_little(reader: EmbedderReplyEncoder, reward: float):
    some = [RewardExample(each.question, each.reply, reward) for each in opinions(100, 1)]
    with pytest.raises(BadInput) as refused:
        fit(some, [], reader)
    assert refused.value.key == "train.too_few_thumbs"


def test_one_question_alone_can_be_learned_from(reader: EmbedderReplyEncoder):
    some = [RewardExample("the same", each.reply, each.reward) for each in opinions(100, 1)]
    likes = fit(some, [], reader).probabilities(reader.vectors([("the same", GOOD[0]), ("the same", BAD[0])]))
    assert likes[0] >= likes[1]


def test_it_is_kept_in_versions_and_read_again(reader: EmbedderReplyEncoder, tmp_path: Path):
    models = RewardModels(tmp_path / "reward")
    assert models.newest() is None
    model = fit(opinions(100, 1), opinions(50, 2), reader, "hash")
    assert [models.save(model), models.save(model)] == [1, 2]
    assert models.newest() == (2, model)
    (tmp_path / "reward" / "v0002.json").write_text("{")
    with pytest.raises(StorageCorrupt):
        models.newest()


def test_vectors_of_another_reader_are_refused(reader: EmbedderReplyEncoder):
    class Other(EmbedderReplyEncoder):
        id = "another"  # type: ignore[assignment]

        def vectors(self, replies: Sequence[tuple[str, str]]) -> Matrix:
            raise AssertionError

    with pytest.raises(BadInput):
        measure(fit(opinions(100, 1), [], reader), opinions(10, 2), Other(WordEmbedder()))


def test_opinions_are_read_from_reward_lines_with_the_question_alone():
    prompt = [{"role": "system", "content": "s"}, {"role": "user", "content": "Notes: a\nQuestion: where?"}]
    rows = [{"prompt": prompt, "response": "there", "reward": r} for r in (1.0, 0.0, -0.5)]
    assert reward_examples(rows) == [RewardExample("where?", "there", 1.0), RewardExample("where?", "there", -0.5)]
    assert question_of([PromptTurn("user", "plain?")]) == "plain?"
    assert question_of([]) == ""
