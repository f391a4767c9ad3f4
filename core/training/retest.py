"""Retest of disliked answers on a new LoRA version, reported by ``/learned``.

A new reply counts as right when it matches, by token F1, a liked answer to the same question; where there is no liked
answer the outcome is ``unsure``, unless the reply repeats the disliked one (``same``).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from core.evaluation.written import token_f1
from core.models.registry import LoraRegistry
from core.privacy.pseudonyms import Pseudonyms
from core.services import LearningReport
from core.training.rows import turns_of
from core.types import PromptTurn, SpaceId

FILE = "learned.json"
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


async def retest(rows: Sequence[Mapping[str, Any]], write: Write, limit: int) -> Mapping[str, Mapping[Outcome, int]]:
    """Have ``write`` reply to the newest ``limit`` disliked prompts of KTO rows; count outcomes by hashed space."""
    liked: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["label"]:
            liked[_question(row)].append(_said(row))
    counts: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
    for row in [row for row in rows if not row["label"]][-limit:]:
        reply = await write(turns_of(row["prompt"]))
        space = str(row.get("provenance", {}).get("space", ""))
        counts[space][outcome(reply, _said(row), liked[_question(row)])] += 1
    return counts


def write_outcomes(counts: Mapping[str, Mapping[Outcome, int]], folder: Path) -> None:
    """Write the counts into a version's report folder. Blocks. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(counts, indent=1, sort_keys=True), encoding="utf-8")


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
