"""``aion ask`` and ``aion eval --answers`` as an operator runs them, with the real models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from process import aion

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(300)]

CLUB = "# Rowing club\n\nThe boathouse opens at six on Sundays.\n\n## Fees\n\nA season costs 40 euros."


async def test_many_questions_are_answered_in_order_each_on_its_own(data_dir: Path, tmp_path: Path) -> None:
    note = tmp_path / "club.md"
    note.write_text(CLUB, encoding="utf-8")
    asked = tmp_path / "questions.jsonl"
    asked.write_text(
        '{"id": "fee", "text": "How much does a season cost?"}\n{"id": "none", "text": "  "}\n'
        '{"id": "follow", "text": "And the boathouse on Sundays?"}\n',
        encoding="utf-8",
    )
    assert (await aion(data_dir, "index", str(note))).status == 0
    done = await aion(data_dir, "ask", str(asked), "--json")
    assert done.status == 0, done.err
    fee, none, follow = map(json.loads, done.out.splitlines())
    assert (fee["id"], none["id"], follow["id"]) == ("fee", "none", "follow")
    assert "40 euros" in fee["answer"]
    assert none.keys() == {"id", "error"}
    assert "six" in follow["answer"] and "40 euros" not in follow["answer"]  # it does not follow the first question


async def test_answers_are_reported_by_kind_with_a_sheet(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text(
        json.dumps({"_id": "d", "title": "rowing/club.md", "text": CLUB})
        + "\n"
        + json.dumps({"_id": "e", "title": "rowing/cut.pdf", "text": "%PDF-1.7 of which the rest is missing"}),
        encoding="utf-8",
    )
    questions = [
        {"_id": "1", "text": "How much does a season cost?", "kind": "direct", "answerable": True, "topic": "rowing"}
        | {"must": [["40"]], "quote": ["A season costs 40 euros."]},
        {"_id": "2", "text": "Who won the chess open?", "kind": "off_topic", "answerable": False, "topic": "none"},
    ]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\td\t2\n", encoding="utf-8")
    sheet = tmp_path / "answers.html"
    done = await aion(data_dir, "eval", str(folder), "--answers", "--json", "--sheet", str(sheet))
    assert done.status == 0, done.err
    assert "Left out: rowing/cut.pdf." in done.err and "club.md" not in done.err
    measured = json.loads(done.out[: done.out.rindex("}") + 1])["sets"]["set"]
    assert measured["direct"]["right"] == 1.0 and measured["direct"]["gold_first"] == 1.0
    assert measured["off_topic"]["declined_rightly"] == 1.0
    assert "A season costs 40 euros." in sheet.read_text(encoding="utf-8")
