"""``aion lora promote`` as the terminal runs it: what is measured is what was named, and the verdict follows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from core.models.registry import LoraRegistry
from tests.tiny import WORDS, write_tiny_model

QUESTIONS = {"1": "When is the garden gate opened?", "2": "Who opens the hives?", "3": "What is a quasar?"}


@pytest.fixture
def place(tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").symlink_to(models_dir)
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AION_LOCAL_MODEL", write_tiny_model(tmp_path / "tiny"))
    monkeypatch.delenv("AION_BASE_MODEL", raising=False)
    monkeypatch.setenv("AION_READER", "off")
    monkeypatch.setenv("AION_LANGUAGE", "en")
    return tmp_path


def aion(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_labelled(folder: Path) -> None:
    folder.mkdir()
    texts = {"a": "The garden gate is opened at half past six.", "b": "Only Rosa's group opens the hives."}
    write_lines(folder / "corpus.jsonl", [{"_id": key, "title": "", "text": text} for key, text in texts.items()])
    write_lines(folder / "queries.jsonl", [{"_id": key, "text": text} for key, text in QUESTIONS.items()])
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\ta\t1\n2\tb\t1\n")


def write_thumbs(folder: Path) -> None:
    """Write what people who like Portuguese like, as an export does."""
    asked = [[{"role": "user", "content": word}] for word in WORDS]
    liked = [" ".join(WORDS[(n + k) % 6] for k in range(4)) for n in range(14)]
    disliked = [" ".join(WORDS[6 + (n + k) % 6] for k in range(4)) for n in range(14)]
    said = [
        (prompt, reply, is_liked)
        for is_liked, replies in ((True, liked), (False, disliked))
        for prompt, reply in zip(asked, replies, strict=True)
    ]
    write_lines(
        folder / "sft.jsonl", [{"messages": [*p, {"role": "assistant", "content": r}]} for p, r, up in said if up]
    )
    held = [{"prompt": p, "completion": [{"role": "assistant", "content": r}], "label": up} for p, r, up in said]
    write_lines(folder / "kto.held.jsonl", held)
    write_lines(folder / "reward.jsonl", [{"prompt": p, "response": r, "reward": 1 if up else -1} for p, r, up in said])


def rows_of(told: str) -> dict[str, tuple[int, str]]:
    """Return what a report's table says: how many were compared, and the verdict, by measure."""
    found = re.findall(r"^\| ([^|]+?)(?: ¹)? \| (\d+) \|.*\| (\w+) \|$", told, re.MULTILINE)
    return {name: (int(n), verdict) for name, n, verdict in found}


@pytest.mark.model
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_thumbs_a_reward_model_and_labelled_folders_are_what_a_version_is_judged_by(place: Path) -> None:
    write_thumbs(place)
    write_labelled(place / "labelled")
    options = ["--batch", "14", "--accumulate", "1", "--rate", "1e-2", "--epochs", "12", "--rank", "8"]
    for words in (
        ["train", "sft", "--data", "sft.jsonl", "--out", "lora", *options],
        ["train", "reward", "--data", "reward.jsonl"],
    ):
        told = aion(*words)
        assert told.exit_code == 0, told.output

    unjudged = aion("lora", "promote", "v1")
    assert unjudged.exit_code == 1 and "--labelled" in unjudged.output

    told = aion("lora", "promote", "v1", "--labelled", "labelled", "--max-slower", "100")
    assert set(rows_of(told.output)) == {"general knowledge", "labelled questions", "speed, log tokens/s"}
    assert rows_of(told.output)["labelled questions"] == (3, "same")  # neither writes a sentence that stands anywhere
    assert told.exit_code == 1 and "is not put to use" in told.output

    assert aion("webhooks", "add", "https://example.org/hook", "lora.promoted", "--space", "discord:1").exit_code == 0
    told = aion("lora", "promote", "v1", "--thumbs", "kto.held.jsonl", "--max-slower", "100", "--share", "1")
    rows = rows_of(told.output)
    assert rows["held-out thumbs, nats"] == (28, "better")
    assert rows["preferred by the reward model"] == (14, "better")
    standing = LoraRegistry(place / "data" / "loras").state()
    assert (standing.promoted == "v1") == all(verdict != "worse" for _, verdict in rows.values())

    for _ in range(2):
        assert aion("lora", "promote", "v1", "--unseen").exit_code == 0
    listed = aion("webhooks").output
    assert "1 waiting" in listed, "told once, however often it was promoted"
