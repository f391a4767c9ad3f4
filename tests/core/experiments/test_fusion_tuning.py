"""The weight of cosines against BM25: the best one is found, and proposed only where it is clearly better."""

from collections.abc import Sequence

import numpy as np
import pytest

from core.evaluation.dataset import LabelledDocument, LabelledQuestion, LabelledSet
from core.experiments.fusion_tuning import MIN_GAIN, NATS, chosen, tune_fusion
from core.retrieval.fuse import ScaledSum
from core.types import Matrix, Vector
from tests.fakes import WordEmbedder

THINGS = ("lamp", "kettle", "bicycle", "drum", "ladder", "kite", "anchor", "violin")


class Misled(WordEmbedder):
    """Its cosines mislead: a question is a little nearer to the next thing."""

    id = "misled"
    dim = len(THINGS)

    def embed_query(self, text: str) -> Vector:
        return np.roll(self.embed_passages([text])[0], 1)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        rows = [[1.0 if thing in text else 0.8 for thing in THINGS] for text in texts]
        matrix = np.array(rows, np.float32).reshape(len(texts), len(THINGS))
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


DATA = LabelledSet(
    "things",
    tuple(LabelledDocument(each, each, f"The {each} is kept in room {n}.") for n, each in enumerate(THINGS)),
    (
        *(LabelledQuestion(each, f"Where is the {each}?", True, {each: 1}, topic=each) for each in THINGS),
        LabelledQuestion("none", "Why is the moon round?", False, {}, topic="moon"),
    ),
)


async def test_less_weight_is_given_to_cosines_that_mislead():
    heard = []
    tuned = await tune_fusion([DATA], Misled(), ScaledSum(1000.0), lambda: heard.append(1))
    assert tuned is not None and tuned.is_better and tuned.nats_per_cosine < 1000.0
    assert tuned.before < tuned.after <= 1.0
    assert len(heard) == len(THINGS), "only questions with a right answer rank anything"


async def test_few_topics_choose_nothing():
    few = LabelledSet("few", DATA.documents, DATA.questions[:4])
    assert await tune_fusion([few], WordEmbedder(), ScaledSum(200.0)) is None


def test_what_is_only_noise_changes_nothing():
    rng = np.random.default_rng(3)
    measured = np.clip(rng.normal(0.7, 0.2, (200, 1 + len(NATS))), 0, 1)
    measured[:, 0] = measured[:, 1:].mean(axis=1)
    tuned = chosen(measured, [str(n) for n in range(200)])
    assert tuned.after - tuned.before < 5 * MIN_GAIN
    assert not chosen(np.full((50, 1 + len(NATS)), 0.8), [str(n) for n in range(50)]).is_better


def test_a_weight_that_is_better_on_every_topic_is_chosen():
    measured = np.full((40, 1 + len(NATS)), 0.6)
    measured[:, 1 + NATS.index(400.0)] = 0.7
    tuned = chosen(measured, [str(n % 8) for n in range(40)])
    assert tuned.is_better and tuned.nats_per_cosine == 400.0
    assert (tuned.before, tuned.after) == (pytest.approx(0.6), pytest.approx(0.7))
