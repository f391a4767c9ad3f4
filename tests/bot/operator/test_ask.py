"""The lines of a file of questions: what is read, and one sentence naming the line that is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.operator.ask import FileQuestion, print_json, read_questions
from core.errors import BadInput
from core.texts import explain
from core.types import Answer, Confidence


async def test_empty_lines_are_skipped_and_ids_are_text(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"id": 7, "text": "When?"}\n\n{"id": "b", "text": "Onde fica?", "more": 1}\n', encoding="utf-8")
    assert await read_questions(file) == [FileQuestion("7", "When?"), FileQuestion("b", "Onde fica?")]


@pytest.mark.parametrize("line", ["no json", "[1]", '{"id": "1"}', '{"text": "x"}', "3"])
async def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(f'{{"id": "1", "text": "When?"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        await read_questions(file)
    assert "2" in explain("en", caught.value) and str(file) in explain("pt", caught.value)


async def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", "binary"):
        with pytest.raises(BadInput, match=r"ask\.unreadable"):
            await read_questions(tmp_path / name)


def test_one_object_a_line_with_the_question_s_id(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(
        FileQuestion("7", "When?"), Answer(1, "At nine.\nOr ten.", "extract", None, "en", Confidence(0.5, 0.5, ()))
    )
    print_json(FileQuestion("8", ""), BadInput("question.empty"))
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["id"] == "7" and first["answer"] == "At nine.\nOr ten." and first["used"] == "extract"
    assert second.keys() == {"id", "error"}
