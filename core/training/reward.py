"""Reward model: logistic regression on reply vectors that predicts the probability of a 👍.

Ratings are of single replies, so the model is a classifier instead of a pairwise Bradley-Terry model, with equal
results (Sun, Shen and Ton 2025, arXiv 2411.04991). Vectors come from the embedder or the base model. Probabilities are
calibrated on cross-validated log-odds (Platt 1999).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from core.atomic_file import write_atomically
from core.errors import BadInput, StorageCorrupt
from core.evaluation.selective import auroc, expected_calibration_error
from core.ports import Embedder
from core.training.rows import turns_of
from core.types import Matrix, PromptTurn

Floats = NDArray[np.float64]

MIN_RATINGS = 10
"""Least ratings of each kind, liked and disliked, to fit a model."""

_PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)
_N_FOLDS = 5
_MARK = "\nQuestion: "


@dataclass(frozen=True, slots=True)
class RewardExample:
    """A rated reply to a question: ``reward`` = (👍 - 👎) / votes, -1..1."""

    question: str
    reply: str
    reward: float


class ReplyEncoder(Protocol):
    """Turns replies into vectors. Vectors of encoders with different ids are not comparable."""

    @property
    def id(self) -> str:
        """Return the name of the model that makes the vectors."""
        ...

    def vectors(self, replies: Sequence[tuple[str, str]]) -> Matrix:
        """Return the vectors of (question, reply) pairs, shape ``(len(replies), width)``. Blocks."""
        ...


class EmbedderReplyEncoder:
    """Encodes with the search embedder: question vector, reply vector, and their elementwise product."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def id(self) -> str:
        """Return the embedder's id."""
        return f"embedder {self._embedder.id}"

    def vectors(self, replies: Sequence[tuple[str, str]]) -> Matrix:
        """Return the vectors of (question, reply) pairs, shape ``(len(replies), 3 * dim)``. Blocks."""
        known = {question: self._embedder.embed_query(question) for question in dict.fromkeys(q for q, _ in replies)}
        questions = np.stack([known[question] for question, _ in replies])
        answers = self._embedder.embed_passages([reply for _, reply in replies])
        return np.concatenate([questions, answers, questions * answers], axis=1).astype(np.float32)


@dataclass(frozen=True)
class RewardModel:
    """A fitted reward model. ``reader`` is the id of its encoder; ``metrics`` are of held-out examples.

    ``data_hash`` is the SHA-256 of the training file.
    """

    reader: str
    weights: tuple[float, ...] = field(repr=False)
    intercept: float
    metrics: Mapping[str, float]
    data_hash: str = ""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def probabilities(self, vectors: Matrix) -> Floats:
        """Return the probability that each reply is liked, 0..1, shape ``(n,)``."""
        log_odds = vectors.astype(np.float64) @ np.asarray(self.weights) + self.intercept
        return np.asarray(1 / (1 + np.exp(-log_odds.clip(-30, 30))))


def reward_examples(rows: Sequence[Mapping[str, Any]]) -> list[RewardExample]:
    """Return the examples in rows of a reward file (``prompt, response, reward``), without those of reward 0."""
    found = [RewardExample(question_of(turns_of(r["prompt"])), str(r["response"]), float(r["reward"])) for r in rows]
    return [example for example in found if example.reward]


def question_of(prompt: Sequence[PromptTurn]) -> str:
    """Return the question of a prompt's last user turn, without the passages before it."""
    asked = next((turn.content for turn in reversed(prompt) if turn.role == "user"), "")
    return asked.rpartition(_MARK)[2].strip()


def fit(
    examples: Sequence[RewardExample], held: Sequence[RewardExample], encoder: ReplyEncoder, data_hash: str = ""
) -> RewardModel:
    """Fit a reward model to ``examples``, each weighted by its absolute reward, and measure it on ``held``. Blocks.

    Raises ``BadInput`` when there are fewer than ``MIN_RATINGS`` liked or disliked examples.
    """
    labels = np.array([each.reward > 0 for each in examples], dtype=bool)
    n_up = int(labels.sum())
    if min(n_up, len(labels) - n_up) < MIN_RATINGS:
        raise BadInput("train.too_few_thumbs", up=n_up, down=len(labels) - n_up, least=MIN_RATINGS)
    vectors = encoder.vectors([(each.question, each.reply) for each in examples])
    clear = np.array([abs(each.reward) for each in examples])
    groups = np.unique([each.question for each in examples], return_inverse=True)[1]
    middle, scale = vectors.mean(0), vectors.std(0).clip(1e-6)
    weights, intercept = _calibrated((vectors - middle) / scale, labels, clear, groups)
    unscaled = weights / scale
    model = RewardModel(encoder.id, tuple(map(float, unscaled)), float(intercept - unscaled @ middle), {}, data_hash)
    return RewardModel(model.reader, model.weights, model.intercept, measure(model, held, encoder), data_hash)


def measure(model: RewardModel, held: Sequence[RewardExample], encoder: ReplyEncoder) -> dict[str, float]:
    """Return AUROC, accuracy and calibration error on held-out examples; an empty mapping where there are none.

    Raises ``BadInput`` when the model was fitted to vectors of another encoder.
    """
    if model.reader != encoder.id:
        raise BadInput("train.other_reader", theirs=model.reader, ours=encoder.id)
    if not held:
        return {}
    labels = np.array([each.reward > 0 for each in held], dtype=bool)
    scores = model.probabilities(encoder.vectors([(each.question, each.reply) for each in held]))
    measured = {
        "auroc": auroc(scores, labels),
        "accuracy": float(((scores > 0.5) == labels).mean()),
        "ece": expected_calibration_error(scores, labels),
        "n_held_out": float(len(held)),
        "share_liked": float(labels.mean()),
    }
    return {name: value for name, value in measured.items() if not np.isnan(value)}


class RewardModels:
    """The reward models of a data folder: immutable files ``v0001.json``, ``v0002.json`` …; the newest is in use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, model: RewardModel) -> int:
        """Save a model as the next version and return its number. Blocks. Raises ``OSError``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        number = max(self._numbers(), default=0) + 1
        path = self._folder / f"v{number:04}.json"
        row = {**asdict(model), "created_at": model.created_at.isoformat()}
        write_atomically(path, json.dumps(row).encode())
        return number

    def newest(self) -> tuple[int, RewardModel] | None:
        """Return number and model of the newest version; ``None`` before the first. Blocks.

        Raises ``StorageCorrupt`` when it cannot be read.
        """
        number = max(self._numbers(), default=None)
        if number is None:
            return None
        path = self._folder / f"v{number:04}.json"
        try:
            return number, TypeAdapter(RewardModel).validate_json(path.read_bytes())
        except ValidationError as error:
            raise StorageCorrupt(f"{path} cannot be read; restore it from a backup or remove it") from error

    def _numbers(self) -> list[int]:
        return [int(path.stem[1:]) for path in self._folder.glob("v[0-9]*.json")]


def _calibrated(
    vectors: Matrix, labels: NDArray[np.bool_], clear: Floats, groups: NDArray[Any]
) -> tuple[Floats, float]:
    """Return Platt-scaled weights and intercept, with the penalty of the least cross-validated log loss.

    Folds are grouped by question.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import GroupKFold

    n_folds = min(_N_FOLDS, len(np.unique(groups)))
    folds = list(GroupKFold(n_folds).split(vectors, labels, groups)) if n_folds > 1 else []
    folds = [(train, test) for train, test in folds if 0 < labels[train].sum() < len(train)]
    left_out: dict[float, Floats] = {}
    for penalty in _PENALTIES:
        log_odds = np.zeros(len(labels))
        for train, test in folds:
            one = LogisticRegression(C=penalty, max_iter=2000).fit(vectors[train], labels[train], clear[train])
            log_odds[test] = one.decision_function(vectors[test])
        left_out[penalty] = log_odds
    best = min(left_out, key=lambda c: log_loss(labels, 1 / (1 + np.exp(-left_out[c])), sample_weight=clear))
    whole = LogisticRegression(C=best, max_iter=2000).fit(vectors, labels, clear)
    platt = LogisticRegression(C=100.0).fit(left_out[best][:, None], labels, clear)
    slope = max(0.0, float(platt.coef_[0, 0]))
    return slope * whole.coef_[0], slope * float(whole.intercept_[0]) + float(platt.intercept_[0])
