"""Measures a LoRA version beside what answers now, and promotes it if that is no loss: what ``aion lora promote`` runs.

Held-out ratings and general knowledge are judged by the likelihood of known replies, fresh replies to the same prompts
by the reward model, labelled folders by what is written to them, speed by writing. Blocks where it says so; torch is
imported when it is needed.
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
from core.ports import Embedder, Gate
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
"""How many times as long a token may take. Merged weights cost nothing; a busy machine's clock is coarse."""

CANARY_SLACK = 0.07
"""One of the general questions may be lost without that being called a loss."""

_TIMED = Sampling(temperature=0.0, max_new_tokens=24)
_N_PREFERRED, _PREFERRED_TOKENS = 32, 64
"""How many prompts, the newest, are written to for the reward model, and tokens of each reply."""

_LEAST_TIMED = 4
"""Tokens that a reply must have for its speed to be told."""


@dataclass(frozen=True, slots=True)
class ComparisonData:
    """What two versions are judged by: ``thumbs`` are held-out lines of a KTO file, ``labelled`` sets of questions.

    ``reward`` is the reward model, where there is one, ``max_slower`` how many times as long a token may take.
    """

    thumbs: Sequence[Mapping[str, Any]]
    labelled: Sequence[LabelledSet] = ()
    n_questions: int = 50
    reward: RewardModel | None = None
    max_slower: float = MAX_SLOWER


@dataclass(frozen=True, slots=True)
class Comparison:
    """A version, and what answers now (``None``: the base model), on a base model of that name."""

    registry: LoraRegistry
    version: Version
    current: Version | None
    base_name: str
    models_dir: Path
    tell: Tell


@dataclass(frozen=True, slots=True)
class ComparisonWriters:
    """The local model twice: with what answers now, and with the version in question; and what else answers need."""

    before: LocalGenerator
    after: LocalGenerator
    embedder: Embedder
    gate: Gate


async def measured(contest: Comparison, judged: ComparisonData, writing: ComparisonWriters) -> list[Measure]:
    """Return every measure of both, the cheap ones first.

    Raises ``BadInput`` when the reward model reads with another model than there is now.
    """
    reader = await offload(_reader, contest, judged.reward, writing.embedder) if judged.reward else None
    measures = await offload(_by_likelihood, contest, judged.thumbs)
    await writing.before.use_lora(_lora(contest.current))
    await writing.after.use_lora(_lora(contest.version))
    if judged.labelled:
        right = [await _labelled(local, judged, writing) for local in (writing.before, writing.after)]
        measures.append(Measure("labelled questions", right[0], right[1]))
    prompts = list(dict.fromkeys(turns_of(row["prompt"]) for row in judged.thumbs))[-_N_PREFERRED:]
    if judged.reward and reader and prompts:
        before, after = (
            partial(written, local, max_new_tokens=_PREFERRED_TOKENS) for local in (writing.before, writing.after)
        )
        measures.append(await win_rate(prompts, before, after, judged.reward, reader))
    return [*measures, *await speed(writing.before, writing.after, math.log(judged.max_slower))]


async def written(local: LocalGenerator, prompt: Sequence[PromptTurn], max_new_tokens: int) -> str:
    """Return the likeliest reply."""
    sampling = Sampling(temperature=0.0, max_new_tokens=max_new_tokens)
    return "".join([piece.text async for piece in local.stream(prompt, sampling)])


def _reader(contest: Comparison, model: RewardModel, embedder: Embedder) -> ReplyEncoder:
    """Return what reads replies for the reward model. Blocks. Raises ``BadInput`` when that is not there any more."""
    reader: ReplyEncoder = EmbedderReplyEncoder(embedder)
    if model.reader.startswith("base "):
        with loading_heavy():
            from core.training.base_encoder import BaseModelReplyEncoder
            from core.training.student import LoraShape, open_student

        reader = BaseModelReplyEncoder(
            open_student(contest.base_name, contest.models_dir, LoraShape(), 0, contest.tell)
        )
    if reader.id != model.reader:
        raise BadInput("train.other_reader", theirs=model.reader, ours=reader.id)
    return reader


async def _labelled(local: LocalGenerator, judged: ComparisonData, writing: ComparisonWriters) -> list[float]:
    """Return how right the replies to labelled questions are, 0..1 each."""
    writers = Writers(local, Router(), writing.embedder, "abstain")
    replies = [
        await written_answers(data, writing.embedder, writing.gate, writers, judged.n_questions)
        for data in judged.labelled
    ]
    return [_is_right(reply) for several in replies for reply in several]


def canaries() -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return questions of general knowledge, each with replies of which the first is right."""
    table = tomllib.loads((files("core.training") / "canaries.toml").read_text(encoding="utf-8"))
    return [(row["question"], tuple(row["replies"])) for row in table["canary"]]


def _by_likelihood(contest: Comparison, thumbs: Sequence[Mapping[str, Any]]) -> list[Measure]:
    """Return what held-out thumbs and canaries say. Blocks."""
    with loading_heavy():
        from core.training.kto import read_thumbs
        from core.training.student import LoraShape, open_student

    def opened(version: Version) -> Student:
        return open_student(contest.base_name, contest.models_dir, LoraShape(), 0, contest.tell, version.folder)

    known, _ = read_thumbs(thumbs)
    signs = [1.0 if thumb.is_liked else -1.0 for thumb in known]
    replies = [thumb.asked for thumb in known]
    after = opened(contest.version)
    before = opened(contest.current) if contest.current else after
    is_bare = contest.current is None
    return [
        *_ratings(signs, _per_token(before, replies, is_bare), _per_token(after, replies, False)),
        Measure("general knowledge", _right(before, is_bare), _right(after, False), False, CANARY_SLACK),
    ]


def _ratings(signs: Sequence[float], before: Sequence[float], after: Sequence[float]) -> list[Measure]:
    """Return how far the replies moved the way of their thumbs, in nats a token; nothing where there are none."""
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
    """Return the logarithm of tokens/s of replies to general questions; nothing where none is long enough to tell.

    They write in turns, each as often first, so that a machine's moods meet both. The first question warms up.
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
    """Return the tokens/s of a reply, from its first token on: how long a reply is must not count."""
    heard_s: list[float] = []
    async with aclosing(local.stream((PromptTurn("user", question),), _TIMED)) as pieces:
        async for piece in pieces:
            heard_s += [time.monotonic()] * len(piece.log_probs)
    if len(heard_s) < _LEAST_TIMED or heard_s[-1] <= heard_s[0]:
        return None
    return (len(heard_s) - 1) / (heard_s[-1] - heard_s[0])


def _is_right(reply: EvaluatedReply) -> float:
    """Return how right a reply is, 0..1: the words of an answer, or silence where there is none."""
    if not reply.answerable:
        return float(reply.abstained)
    if reply.expected:
        return 0.0 if reply.abstained else token_f1(reply.text, reply.expected)
    return float(not reply.abstained)


def _lora(version: Version | None) -> LoraVersion | None:
    return LoraVersion(version.name, version.folder) if version else None
