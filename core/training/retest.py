"""Retest of disliked answers on a new LoRA version, reported by ``/learned``.

A new reply counts as right when it matches, by token F1, a liked answer to the same question; where there is no liked
answer the outcome is ``unsure``, unless the reply repeats the disliked one (``same``).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from core.atomic_file import write_atomically
from core.evaluation.written import token_f1
from core.models.registry import LoraRegistry
from core.offload import offload
from core.privacy.pseudonyms import Pseudonyms
from core.services import LearningReport
from core.training.reward import question_of
from core.training.rows import turns_of, without_rows
from core.types import PromptTurn, SpaceId

FILE = "learned.json"
ANSWERS_FILE = "retested.jsonl"
MIN_F1_RIGHT = 0.6
MIN_F1_SAME = 0.9
"""Token F1 with a liked answer from which a reply is right, and with the disliked one from which it is the same."""

Outcome = Literal["right", "same", "unsure"]
Write = Callable[[Sequence[PromptTurn]], Awaitable[str]]


def outcome(reply: str, disliked: str, liked: Sequence[str]) -> Outcome:
    """Compare ``reply`` with the disliked answer that it replaces, and with liked answers to the same question."""
    as_before = token_f1(reply, [disliked])
    if liked and token_f1(reply, liked) >= max(MIN_F1_RIGHT, as_before):
        return "right"
    return "same" if as_before >= MIN_F1_SAME else "unsure"


@dataclass(frozen=True, slots=True)
class RetestedAnswer:
    """A disliked answer beside the reply of a new version; ``space`` is hashed, ``answers`` are their ids."""

    space: str
    answers: tuple[int, ...]
    question: str
    before: str
    after: str
    outcome: Outcome


async def retest(rows: Sequence[Mapping[str, Any]], write: Write, limit: int) -> tuple[RetestedAnswer, ...]:
    """Have ``write`` reply to the newest ``limit`` disliked prompts of KTO rows."""
    liked: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["label"]:
            liked[_question(row)].append(_said(row))
    retested = []
    for row in [row for row in rows if not row["label"]][-limit:]:
        prompt, provenance = turns_of(row["prompt"]), row.get("provenance", {})
        reply = await write(prompt)
        told = outcome(reply, _said(row), liked[_question(row)])
        space, answers = str(provenance.get("space", "")), tuple(provenance.get("answers", ()))
        retested.append(RetestedAnswer(space, answers, question_of(prompt), _said(row), reply.strip(), told))
    return tuple(retested)


def write_retested(retested: Sequence[RetestedAnswer], folder: Path) -> None:
    """Write the answers, and their outcomes counted by space, into a version's report folder. Blocks.

    Raises ``OSError``.
    """
    counts: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
    for each in retested:
        counts[each.space][each.outcome] += 1
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(counts, indent=1, sort_keys=True), encoding="utf-8")
    lines = [json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in retested]
    write_atomically(folder / ANSWERS_FILE, "".join(lines).encode())


def read_retested(
    registry: LoraRegistry, pseudonyms: Pseudonyms, name: str, space: SpaceId
) -> tuple[RetestedAnswer, ...]:
    """Return the retested answers of a space with a version; none where it was not retested. Blocks."""
    try:
        text = (report_folder(registry, name) / ANSWERS_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    adapter, here = TypeAdapter(RetestedAnswer), pseudonyms.of(space)
    return tuple(each for line in text.splitlines() if (each := adapter.validate_json(line)).space == here)


@dataclass(frozen=True, slots=True)
class RetestedAnswers:
    """The retested answers of every version."""

    registry: LoraRegistry

    async def erase(self, answer_ids: frozenset[int]) -> int:
        """Remove what was made of those answers from every report; return how many were removed."""
        return await offload(self._erase, answer_ids)

    def _erase(self, answer_ids: frozenset[int]) -> int:
        n_erased = 0
        for path in sorted(report_folder(self.registry, "*").parent.glob(f"*/{ANSWERS_FILE}")):
            text = path.read_text(encoding="utf-8")
            kept, n_lines = without_rows(text, lambda row: not answer_ids.isdisjoint(row.get("answers", ())))
            if n_lines:
                write_atomically(path, kept.encode())
            n_erased += n_lines
        return n_erased


def learning_report(registry: LoraRegistry, pseudonyms: Pseudonyms, space: SpaceId) -> LearningReport | None:
    """Return the retest counts of the answering version for a space; ``None`` while the base model answers. Blocks."""
    state = registry.state()
    name = state.trial.version if state.trial else state.promoted
    if name is None:
        return None
    try:
        told = json.loads((report_folder(registry, name) / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        told = {}
    here: Mapping[str, int] = told.get(pseudonyms.of(space), {})
    share = state.trial.share if state.trial else 1.0
    return LearningReport(name, share, here.get("right", 0), here.get("same", 0), here.get("unsure", 0))


def report_folder(registry: LoraRegistry, name: str) -> Path:
    """Return the folder of a version's report."""
    return registry.folder / "reports" / name


def _question(row: Mapping[str, Any]) -> str:
    return str(row["prompt"][-1]["content"])


def _said(row: Mapping[str, Any]) -> str:
    return str(row["completion"][-1]["content"])
