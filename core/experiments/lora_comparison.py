"""Compares a LoRA version with the current one before promotion: ``aion lora promote``.

Measures: log-likelihood of held-out rated replies, accuracy on general knowledge questions, win rate of new replies
under the reward model, correctness on labelled sets, and tokens/s. torch is imported on use.
"""

from __future__ import annotations

import math
import time
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BadInput
from core.evaluation.dataset import LabelledSet
from core.evaluation.written import EvaluatedReply, token_f1
from core.experiments.answer_eval import written_answers
from core.generation.local.generator import LocalGenerator
from core.generation.providers.router import Router
from core.generation.writer import Writers
from core.models.catalog import Tell
from core.models.heavy_imports import loading_heavy
from core.models.registry import LoraRegistry, Version
from core.offload import offload
from core.ports import Embedder, Gate, Reader
from core.training.reward import EmbedderReplyEncoder, ReplyEncoder, RewardModel
from core.training.rows import turns_of
from core.training.version_test import Measure
from core.training.win_rate import win_rate
from core.types import LoraVersion, PromptTurn, Sampling

if TYPE_CHECKING:
    from core.training.likelihood import PromptedReply
    from core.training.student import Student

MAX_LENGTH = 1024
MAX_SLOWER = 1.1
"""Most ratio of the time of a token, new to current: merged weights are no slower, but timing is coarse."""

CANARY_SLACK = 0.07
"""Accuracy that may be lost on the general knowledge questions: one of them."""

_TIMED = Sampling(temperature=0.0, max_new_tokens=24)
_N_PREFERRED, _PREFERRED_TOKENS = 32, 64
"""Newest prompts that are answered for the reward model, and tokens of each reply."""

_MIN_TIMED = 4
"""Least tokens of a reply whose speed is measured."""


@dataclass(frozen=True, slots=True)
class ComparisonData:
    """Data of a comparison: ``thumbs`` are held-out lines of a KTO file, ``labelled`` sets of questions.

    ``reward`` is the reward model, where there is one; ``max_slower`` the most ratio of the time of a token.
    """

    thumbs: Sequence[Mapping[str, Any]]
    labelled: Sequence[LabelledSet] = ()
    n_questions: int = 50
    reward: RewardModel | None = None
    max_slower: float = MAX_SLOWER


@dataclass(frozen=True, slots=True)
class Comparison:
    """A version and the current one (``None``: the base model) of the base model ``base_name``."""

    registry: LoraRegistry
    version: Version
    current: Version | None
    base_name: str
    models_dir: Path
    tell: Tell


@dataclass(frozen=True, slots=True)
class ComparisonWriters:
    """The local model twice, for the current and for the new version; with embedder, gate and reader."""

    before: LocalGenerator
    after: LocalGenerator
    embedder: Embedder
    gate: Gate
    reader: Reader | None = None


async def measured(comparison: Comparison, data: ComparisonData, models: ComparisonWriters) -> list[Measure]:
    """Return every measure of both versions.

    Raises ``BadInput`` when the reward model was fitted with another encoder than the current one.
    """
    reader = await offload(_reader, comparison, data.reward, models.embedder) if data.reward else None
    measures = await offload(_by_likelihood, comparison, data.thumbs)
    await models.before.use_lora(_lora(comparison.current))
    await models.after.use_lora(_lora(comparison.version))
    if data.labelled:
        right = [await _labelled(local, data, models) for local in (models.before, models.after)]
        measures.append(Measure("labelled questions", right[0], right[1]))
    prompts = list(dict.fromkeys(turns_of(row["prompt"]) for row in data.thumbs))[-_N_PREFERRED:]
    if data.reward and reader and prompts:
        before, after = (
            partial(greedy_reply, local, max_new_tokens=_PREFERRED_TOKENS) for local in (models.before, models.after)
        )
        measures.append(await win_rate(prompts, before, after, data.reward, reader))
    return [*measures, *await speed(models.before, models.after, math.log(data.max_slower))]


async def greedy_reply(local: LocalGenerator, prompt: Sequence[PromptTurn], max_new_tokens: int) -> str:
    """Return the reply under greedy decoding."""
    sampling = Sampling(temperature=0.0, max_new_tokens=max_new_tokens)
    text = ""
    async for piece in local.stream(prompt, sampling):
        text = piece.appended_to(text)
    return text


def _reader(comparison: Comparison, model: RewardModel, embedder: Embedder) -> ReplyEncoder:
    """Return the reward model's encoder. Blocks. Raises ``BadInput`` when it is not the one it was fitted with."""
    reader: ReplyEncoder = EmbedderReplyEncoder(embedder)
    if model.reader.startswith("base "):
        with loading_heavy():
            from core.training.base_encoder import BaseModelReplyEncoder
            from core.training.student import LoraShape, open_student

        reader = BaseModelReplyEncoder(
            open_student(comparison.base_name, comparison.models_dir, LoraShape(), 0, comparison.tell)
        )
    if reader.id != model.reader:
        raise BadInput("train.other_reader", theirs=model.reader, ours=reader.id)
    return reader


async def _labelled(local: LocalGenerator, data: ComparisonData, models: ComparisonWriters) -> list[float]:
    """Return the correctness of the replies to labelled questions, 0..1 each."""
    writers = Writers(local, Router(), models.embedder, "abstain")
    replies = [
        await written_answers(each, models.embedder, models.gate, writers, data.n_questions, reader=models.reader)
        for each in data.labelled
    ]
    return [_is_right(reply) for several in replies for reply in several]


def canaries() -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return general knowledge questions, each with replies of which the first is correct."""
    table = tomllib.loads((files("core.training") / "canaries.toml").read_text(encoding="utf-8"))
    return [(row["question"], tuple(row["replies"])) for row in table["canary"]]


def _by_likelihood(comparison: Comparison, thumbs: Sequence[Mapping[str, Any]]) -> list[Measure]:
    """Return the measures on held-out ratings and general knowledge. Blocks."""
    with loading_heavy():
        from core.training.kto import read_thumbs
        from core.training.student import LoraShape, open_student

    def opened(version: Version) -> Student:
        return open_student(
            comparison.base_name, comparison.models_dir, LoraShape(), 0, comparison.tell, version.folder
        )

    known, _ = read_thumbs(thumbs)
    signs = [1.0 if thumb.is_liked else -1.0 for thumb in known]
    replies = [thumb.asked for thumb in known]
    after = opened(comparison.version)
    before = opened(comparison.current) if comparison.current else after
    is_bare = comparison.current is None
    return [
        *_ratings(signs, _per_token(before, replies, is_bare), _per_token(after, replies, False)),
        Measure("general knowledge", _right(before, is_bare), _right(after, False), False, CANARY_SLACK),
    ]


def _ratings(signs: Sequence[float], before: Sequence[float], after: Sequence[float]) -> list[Measure]:
    """Return the log-likelihoods of rated replies, nats a token, negated for 👎; empty without any."""
    if not signs:
        return []
    then, now = ([sign * each for sign, each in zip(signs, side, strict=True)] for side in (before, after))
    return [Measure("held-out thumbs, nats", then, now)]


def _right(student: Student, is_bare: bool) -> list[float]:
    from core.training.likelihood import PromptedReply

    known = canaries()
    asked = [PromptedReply((PromptTurn("user", question),), reply) for question, replies in known for reply in replies]
    scores = iter(_per_token(student, asked, is_bare))
    ranked = [[next(scores) for _ in replies] for _, replies in known]
    return [float(row[0] == max(row)) for row in ranked]


def _per_token(student: Student, asked: Sequence[PromptedReply], is_bare: bool) -> list[float]:
    from core.training.likelihood import likelihoods

    return [each.per_token for each in likelihoods(student, asked, MAX_LENGTH, as_base=is_bare)]


async def speed(before: LocalGenerator, after: LocalGenerator, most: float) -> list[Measure]:
    """Return log tokens/s of replies to general questions; empty where none has ``_MIN_TIMED`` tokens.

    The two alternate, each as often first, so that load on the machine affects both. The first question is a warm-up.
    """
    then: list[float] = []
    now: list[float] = []
    for number, (question, _) in enumerate(canaries()):
        order = (before, after) if number % 2 else (after, before)
        rates = {local: await _rate(local, question) for local in order}
        earlier, later = rates[before], rates[after]
        if number and earlier and later:
            then.append(math.log(earlier))
            now.append(math.log(later))
    return [Measure("speed, log tokens/s", then, now, False, most)] if then else []


async def _rate(local: LocalGenerator, question: str) -> float | None:
    """Return the tokens/s of a reply, from its first token on, which excludes prefill."""
    heard_s: list[float] = []
    async with aclosing(local.stream((PromptTurn("user", question),), _TIMED)) as pieces:
        async for piece in pieces:
            heard_s += [time.monotonic()] * len(piece.log_probs)
    if len(heard_s) < _MIN_TIMED or heard_s[-1] <= heard_s[0]:
        return None
    return (len(heard_s) - 1) / (heard_s[-1] - heard_s[0])


def _is_right(reply: EvaluatedReply) -> float:
    """Return the correctness of a reply, 0..1: token F1, or whether it abstained where nothing answers."""
    if not reply.answerable:
        return float(reply.abstained)
    if reply.expected:
        return 0.0 if reply.abstained else token_f1(reply.text, reply.expected)
    return float(not reply.abstained)


def _lora(version: Version | None) -> LoraVersion | None:
    return LoraVersion(version.name, version.folder) if version else None
