"""Lines of training data: from rated answers, in the three forms that training reads, and back from files.

Each line carries its provenance. No line names a person; forgetting one goes by the answers a line was made from.
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
"""What quoted answers are taught under; those that a model wrote keep the prompt that they were written for."""

Form = Literal["sft", "kto", "reward"]
FORMS: Sequence[Form] = ("sft", "kto", "reward")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a line comes from. ``space`` is a keyed hash; ``answers`` are the answers that say this, oldest first."""

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
    """A prompt, a reply, and what people thought of it. ``log_probs`` are of the reply's tokens, where known."""

    prompt: tuple[PromptTurn, ...]
    completion: str
    votes: tuple[Vote, ...]
    provenance: Provenance
    log_probs: tuple[float, ...] = ()

    @property
    def n_up(self) -> int:
        """Return how many people like it."""
        return sum(vote.thumb == "up" for vote in self.votes)

    @property
    def reward(self) -> float:
        """Return (👍 − 👎) / votes, -1..1."""
        return (2 * self.n_up - len(self.votes)) / len(self.votes)


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines of a file, and how many of it could not be read."""

    rows: tuple[Mapping[str, Any], ...]
    n_broken: int
    data_hash: str = field(repr=False)


def as_row(example: TrainingExample, form: Form) -> Mapping[str, Any] | None:
    """Return an example as a line of that form, or ``None`` where it says nothing in it.

    Only liked replies are imitated. What a model did not write has no log-probabilities, and is no action to reward.
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
    """Return a row as one line of JSON, the same for the same row."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n"


def deduplicated(examples: Iterable[TrainingExample]) -> tuple[TrainingExample, ...]:
    """Return the examples with those that say the same joined into one; each person's newest vote on it counts."""
    same: dict[tuple[tuple[PromptTurn, ...], str], list[TrainingExample]] = {}
    for example in examples:
        same.setdefault((example.prompt, example.completion), []).append(example)
    return tuple(_joined(several) for several in same.values())


def read_rows(path: Path, keys: Sequence[str]) -> Rows:
    """Read a JSONL file whose lines hold ``keys``, leaving out what cannot be read. Blocks.

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
    """Return the lines of a file without the unwanted ones, and how many those were."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if (row := _row(line)) is None or not is_unwanted(row)]
    return "".join(kept), len(lines) - len(kept)


def turns_of(messages: Sequence[Mapping[str, str]]) -> tuple[PromptTurn, ...]:
    """Return chat messages of a training file as turns."""
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
