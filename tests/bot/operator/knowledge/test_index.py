"""The report of ``aion index``: what is new, one line for each kind of file left out, the counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.operator.knowledge.index import print_report
from core.errors import BadInput
from core.knowledge.files import FoundFile
from core.knowledge.ingest import Report
from core.knowledge.prepare import FailedDocument
from core.types import IndexedDocument


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def left_out(*names: str, reason: str) -> list[FoundFile]:
    return [FoundFile(Path(name), name, left_out=reason) for name in names]  # type: ignore[arg-type]


REPORT = Report(
    (IndexedDocument("a.md", "added", 3), IndexedDocument("b.md", "unchanged", 1)),
    (FailedDocument("c.pdf", BadInput("knowledge.damaged", name="c.pdf")),),
    tuple(
        left_out(*(f"{n}.png" for n in range(7)), "x.svg", reason="kind")
        + left_out("a.py", "b.py", "package.json", reason="code")
        + left_out("node_modules", reason="ignored")
    ),
)


def test_what_was_left_out_is_one_line_a_kind(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(REPORT, verbose=False)
    assert capsys.readouterr().out.splitlines() == [
        "✅ Learned a.md (3 passages).",
        "✗ c.pdf is damaged, or is not what its name says: it could not be opened.",
        "Left out 3 files of source code and build settings (.py 2, .json 1): --code reads them.",
        "Left out 8 files of kinds I do not read (.png 7, .svg 1).",
        "Left out 1 file or folder that the ignore rules name (node_modules 1).",
        "1 added, 0 replaced, 1 unchanged, 0 duplicates, 1 not readable.",
    ]


def test_each_file_is_named_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(REPORT, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert "Left out 6.png: a kind I do not read." in lines
    assert "Left out package.json: source code or build settings." in lines
    assert len([line for line in lines if line.startswith("Left out")]) == 12


def test_many_suffixes_are_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"a.{suffix}" for suffix in ("png", "svg", "gif", "ico", "ttf", "woff", "mp3")]
    print_report(Report((), (), tuple(left_out(*names, "b.png", reason="kind"))), verbose=False)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Left out 8 files of kinds I do not read (.png 2, ") and line.endswith(", …).")
