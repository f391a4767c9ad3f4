"""Disliked answers asked again: right is what somebody liked, and nothing else is called so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.models.lora import WEIGHTS, Base, LoraManifest, write_manifest
from core.models.registry import LoraRegistry
from core.privacy.pseudonyms import Pseudonyms
from core.services import LearningReport
from core.training.retest import (
    RetestedAnswers,
    learning_report,
    outcome,
    read_retested,
    report_folder,
    retest,
    write_retested,
)
from core.types import PromptTurn, SpaceId

HERE = SpaceId("discord:1")
NAMES = Pseudonyms(b"k" * 32)


def test_right_is_what_somebody_liked() -> None:
    assert outcome("The gate opens at half past six.", "The gate is shut.", ["It opens at half past six."]) == "right"
    assert outcome("The gate is shut.", "The gate is shut.", ["It opens at half past six."]) == "same"
    assert outcome("Ask Rosa.", "The gate is shut.", ["It opens at half past six."]) == "unsure"
    assert outcome("It opens at half past six.", "The gate is shut.", []) == "unsure"


def row(question: str, said: str, label: bool) -> dict[str, object]:
    prompt = [{"role": "user", "content": question}]
    completion = [{"role": "assistant", "content": said}]
    provenance = {"space": NAMES.of(HERE), "answers": [len(question)]}
    return {"prompt": prompt, "completion": completion, "label": label, "provenance": provenance}


async def test_disliked_answers_are_asked_again_and_counted_by_space(tmp_path: Path) -> None:
    asked: list[str] = []

    async def write(prompt: Sequence[PromptTurn]) -> str:
        asked.append(prompt[-1].content)
        return "Under the red pot."

    rows = [row("Where?", "In the river.", False), row("Where?", "Under the red pot.", True), row("Why?", "So.", False)]
    retested = await retest(rows, write, 10)
    assert asked == ["Where?", "Why?"]

    registry = LoraRegistry(tmp_path / "loras")
    assert learning_report(registry, NAMES, HERE) is None
    base, out = Base("b", "h"), tmp_path / "out"
    out.mkdir()
    (out / "adapter_config.json").write_text("{}")
    (out / WEIGHTS).write_bytes(b"1")
    write_manifest(out, LoraManifest(base.id, base.hash, 16, 32.0, ("q_proj",)))
    registry.add(out)
    write_retested(retested, report_folder(registry, "v1"))
    registry.start_trial("v1", base, 0.1, 9)
    assert learning_report(registry, NAMES, HERE) == LearningReport("v1", 0.1, n_right=1, n_same=0, n_unsure=1)
    assert learning_report(registry, NAMES, SpaceId("discord:2")) == LearningReport("v1", 0.1, 0, 0, 0)


async def test_both_answers_are_kept_of_a_space_until_they_are_erased(tmp_path: Path) -> None:
    async def write(prompt: Sequence[PromptTurn]) -> str:
        return " Under the red pot. "

    registry = LoraRegistry(tmp_path / "loras")
    rows = [row("Where?", "In the river.", False), row("Why not?", "So.", False)]
    write_retested(await retest(rows, write, 10), report_folder(registry, "v1"))
    first, _ = read_retested(registry, NAMES, "v1", HERE)
    assert (first.question, first.before, first.after) == ("Where?", "In the river.", "Under the red pot.")
    assert (
        read_retested(registry, NAMES, "v1", SpaceId("discord:2")) == read_retested(registry, NAMES, "v2", HERE) == ()
    )
    assert await RetestedAnswers(registry).erase(frozenset({len("Where?")})) == 1
    (kept,) = read_retested(registry, NAMES, "v1", HERE)
    assert kept.question == "Why not?"
