"""Rows of training data in JSONL, in three forms: SFT, KTO and reward.

Each row carries its provenance. No row names a person; erasure goes by the ids of the answers that a row was made from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from core.errors import BadInput
from core.storage.training_ratings import Vote
from core.types import PromptTurn

SYSTEM = "You are AION, the memory of a community. Answer the question with what the notes say."
"""System prompt of rows made from quoted answers; answers that a model wrote keep their original prompt."""

Form = Literal["sft", "kto", "reward"]
FORMS: Sequence[Form] = ("sft", "kto", "reward")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Origin of a row. ``space`` is a keyed hash; ``answers`` are the ids of the merged answers, ascending."""

    space: str
    answers: tuple[int, ...]
    generator: str
    model: str | None
    lora_version: str | None
    on_policy: bool
    confidence: float
    at: datetime


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """A prompt, a reply and its votes. ``log_probs`` are of the reply's tokens, where known."""

    prompt: tuple[PromptTurn, ...]
    completion: str
    votes: tuple[Vote, ...]
    provenance: Provenance
    log_probs: tuple[float, ...] = ()

    @property
    def n_up(self) -> int:
        """Return the number of 👍."""
        return sum(vote.thumb == "up" for vote in self.votes)

    @property
    def reward(self) -> float:
        """Return (👍 − 👎) / votes, -1..1."""
        return (2 * self.n_up - len(self.votes)) / len(self.votes)


@dataclass(frozen=True, slots=True)
class Rows:
    """The readable rows of a file, the number of unreadable lines, and the file's SHA-256."""

    rows: tuple[Mapping[str, Any], ...]
    n_broken: int
    data_hash: str = field(repr=False)


def as_row(example: TrainingExample, form: Form) -> Mapping[str, Any] | None:
    """Return an example as a row of that form, or ``None`` where the form has no use for it.

    SFT takes liked replies alone; KTO and reward rows must be written by a model, not quoted, and KTO needs a majority.
    """
    prompt = [{"role": turn.role, "content": turn.content} for turn in example.prompt]
    reply = {"role": "assistant", "content": example.completion}
    provenance = _plain(example.provenance)
    match form:
        case "sft":
            return {"messages": [*prompt, reply], "provenance": provenance} if example.reward > 0 else None
        case "kto":
            if not example.reward or example.provenance.generator == "extract":
                return None
            return {"prompt": prompt, "completion": [reply], "label": example.reward > 0, "provenance": provenance}
        case "reward":
            if example.provenance.generator == "extract":
                return None
            return {
                "prompt": prompt,
                "response": example.completion,
                "reward": round(example.reward, 6),
                "logprobs": list(example.log_probs),
                "policy_version": example.provenance.lora_version or "base",
                "provenance": provenance,
            }


def as_line(row: Mapping[str, Any]) -> str:
    """Return a row as one line of JSON with sorted keys."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n"


def deduplicated(examples: Iterable[TrainingExample]) -> tuple[TrainingExample, ...]:
    """Merge examples with equal prompt and reply; of each person the newest vote counts."""
    same: dict[tuple[tuple[PromptTurn, ...], str], list[TrainingExample]] = {}
    for example in examples:
        same.setdefault((example.prompt, example.completion), []).append(example)
    return tuple(_joined(several) for several in same.values())


def read_rows(path: Path, keys: Sequence[str]) -> Rows:
    """Read the lines of a JSONL file that are objects with all ``keys``. Blocks.

    Raises ``BadInput`` when the file is missing or holds no such line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput("export.no_file", path=path, problem=error.strerror or error) from error
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    rows = tuple(row for line in lines if (row := _row(line)) is not None and all(key in row for key in keys))
    if not rows:
        raise BadInput("export.no_rows", path=path, keys=", ".join(keys))
    return Rows(rows, len(lines) - len(rows), hashlib.sha256(data).hexdigest())


def without_rows(text: str, is_unwanted: Callable[[Mapping[str, Any]], bool]) -> tuple[str, int]:
    """Return a file's text without the rows for which ``is_unwanted`` is true, and how many were removed."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if (row := _row(line)) is None or not is_unwanted(row)]
    return "".join(kept), len(lines) - len(kept)


def turns_of(messages: Sequence[Mapping[str, str]]) -> tuple[PromptTurn, ...]:
    """Return chat messages (``role``, ``content``) as turns."""
    return tuple(PromptTurn(message["role"], str(message["content"])) for message in messages)  # type: ignore[arg-type]


def _row(line: str) -> Mapping[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _joined(several: Sequence[TrainingExample]) -> TrainingExample:
    first = several[0]
    newest: dict[str, Vote] = {}
    for vote in sorted((vote for each in several for vote in each.votes), key=lambda vote: vote.at):
        newest[vote.person] = vote
    ids = tuple(sorted({number for each in several for number in each.provenance.answers}))
    provenance = {**_fields(first.provenance), "answers": ids}
    return TrainingExample(
        first.prompt, first.completion, tuple(newest.values()), Provenance(**provenance), first.log_probs
    )


def _fields(provenance: Provenance) -> dict[str, Any]:
    return {name: getattr(provenance, name) for name in Provenance.__dataclass_fields__}


def _plain(provenance: Provenance) -> dict[str, Any]:
    plain = _fields(provenance)
    return {**plain, "answers": list(provenance.answers), "at": provenance.at.isoformat()}
