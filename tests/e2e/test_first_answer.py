"""A fresh data folder, the real models, the real command line: notes in, answers out."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF
from notes import ANSWERABLE, UNANSWERABLE, write_notes
from process import ROOT, aion

from core.types import Language

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Path:
    """Return a data folder that was taught the notes."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "models").symlink_to(models_dir)
    first = asyncio.run(aion(folder, "index", str(write_notes(folder / "notes"))))
    assert first.status == 0, first.err
    assert "2 added" in first.out
    return folder


@pytest.fixture(scope="module")
def answers(taught: Path) -> dict[str, Any]:
    """Return what is answered to each question, by question: by one process, to each on its own."""
    questions = [*(question for question, _, _ in ANSWERABLE), *UNANSWERABLE]
    asked = taught / "questions.jsonl"
    asked.write_text("".join(json.dumps({"id": text, "text": text}) + "\n" for text in questions), encoding="utf-8")
    done = asyncio.run(aion(taught, "ask", str(asked), "--json"))
    assert done.status == 0, done.err
    return {answer["id"]: answer for answer in map(json.loads, done.out.splitlines())}


async def test_notes_are_indexed_once(taught: Path) -> None:
    again = await aion(taught, "index", str(taught / "notes"))
    assert "2 unchanged" in again.out
    listed = await aion(taught, "docs")
    assert "Millbrook Allotment Society" in listed.out
    assert "Clube de Vela da Lagoa" in listed.out


@pytest.mark.parametrize(("question", "facts", "document"), ANSWERABLE)
def test_what_was_taught_is_answered_with_a_source(
    answers: dict[str, Any], question: str, facts: list[str], document: str
) -> None:
    answer = answers[question]
    assert answer["used"] in ("local", "extract", "closest")
    assert any(fact in answer["answer"] for fact in facts), answer
    assert answer["sources"][0]["document"] == document
    assert 0 < answer["confidence"] <= 1
    assert answer["sources"][0]["n"] == 1
    assert {"embed", "dense", "lexical", "fuse", "mmr", "judge", "record", "total"} <= answer["latency_ms"].keys()


@pytest.mark.parametrize("question", UNANSWERABLE)
def test_what_was_not_taught_is_not_asserted_in_the_askers_language(answers: dict[str, Any], question: str) -> None:
    answer = answers[question]
    leads = {
        "abstained": ("I don't know", "Não sei"),
        "closest": ("The closest I found:", "O mais perto que encontrei:"),
    }
    assert answer["used"] in leads, answer
    assert answer["answer"].startswith(leads[answer["used"]][question.startswith("Qual")])
    assert bool(answer["sources"]) == (answer["used"] == "closest")


async def test_one_question_on_the_command_line_is_answered_like_one_of_a_file(
    taught: Path, answers: dict[str, Any]
) -> None:
    question, facts, document = ANSWERABLE[0]
    done = await aion(taught, "chat", "--once", question, "--json")
    assert done.status == 0, done.err
    answer = done.json
    assert any(fact in answer["answer"] for fact in facts), answer
    assert answer["sources"][0]["document"] == document
    assert answer.keys() == answers[question].keys() - {"id"}
    assert (await aion(taught, "chat", "--once", UNANSWERABLE[0], "--json")).json["used"] in ("abstained", "closest")


async def test_the_samples_answer_in_the_terminal(data_dir: Path) -> None:
    indexed = await aion(data_dir, "index", str(ROOT / "data" / "samples"))
    assert indexed.status == 0, indexed.err
    said = await aion(data_dir, "chat", stdin="Who conducts the choir rehearsal?\n+\n/docs\n/nothing\n")
    assert "Selma Arrais" in said.out
    assert "👍" in said.out
    assert "not been taught anything here yet" in said.out  # the terminal's own space is empty
    assert "for every community (documents: 9)" in " ".join(said.out.split())  # the samples are global
    assert "I don't know /nothing" in said.out
    assert said.status == 0


def _pdf(folder: Path, password: str | None) -> Path:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica")
    pdf.cell(text="The museum opens at eleven.")
    if password:
        pdf.set_encryption("owner", password)
    path = folder / ("locked.pdf" if password else "open.pdf")
    pdf.output(str(path))
    return path


BAD: list[tuple[str, str, Language]] = [
    ("", "Ask me something", "en"),
    ("x" * 50_000, "50000 characters", "en"),
    ("?!", "Só sei ler palavras", "pt"),
]


@pytest.mark.parametrize(("question", "sentence", "language"), BAD, ids=["empty", "long", "wordless"])
async def test_a_bad_question_gets_one_sentence(data_dir: Path, question: str, sentence: str, language: str) -> None:
    done = await aion(data_dir, "chat", "--once", question, "--json", AION_LANGUAGE=language)
    assert done.status == 1
    assert sentence in done.json["error"]
    assert "Traceback" not in done.err


async def test_bad_files_are_named_and_the_good_one_is_learned(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    _pdf(folder, None)
    _pdf(folder, "secret")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n\x00\x01garbage")
    (folder / "image.md").write_bytes(bytes(range(256)) * 8)
    with (folder / "huge.txt").open("wb") as huge:
        huge.truncate(200_000_000)
    done = await aion(data_dir, "index", str(folder))
    assert "1 added" in done.out
    assert "4 not readable" in done.out
    assert (done.status, "Traceback" in done.err) == (0, False)
    for nothing in (folder / "broken.pdf", folder / "none"):
        done = await aion(data_dir, "index", str(nothing))
        assert done.status == 1
        assert done.err.endswith("Nothing was learned: there is nothing there that I could read.\n")


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "AION_TAU"])
async def test_wrong_settings_are_named(tmp_path: Path, name: str) -> None:
    done = await aion(tmp_path, "run", **({"AION_TAU": "often"} if name == "AION_TAU" else {}))
    assert done.status == 1
    assert name in done.err
    assert "Traceback" not in done.err


async def test_a_missing_model_is_one_sentence_on_the_screen_and_a_reason_in_the_log(
    data_dir: Path,
) -> None:
    done = await aion(
        data_dir, "chat", "--once", "When?", "--json", AION_EMBEDDER="./no-such-model", HF_HUB_OFFLINE="1"
    )
    assert done.status == 1
    assert "AION_EMBEDDER" in done.json["error"]
    assert done.err.strip() == done.json["error"]
    assert "Traceback" in (data_dir / "aion.log").read_text(encoding="utf-8")
