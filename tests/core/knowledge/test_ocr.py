"""Text recognition: scans and pictures are read where the program is installed, and refused in one sentence else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fpdf import FPDF

from core.errors import BadInput
from core.knowledge import ocr
from core.knowledge.extract import extract

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for tesseract is a script")


def install(folder: Path, *lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a ``tesseract`` that runs these lines of shell on the path."""
    program = folder / "tesseract"
    program.write_text("\n".join(["#!/bin/sh", *lines]))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


LANGUAGES = 'if [ "$1" = --list-langs ]; then echo eng; echo por; exit; fi'


def scan(n_pages: int = 1) -> bytes:
    """Return a PDF of pages with a picture alone."""
    document = FPDF()
    for _ in range(n_pages):
        document.add_page()
        document.rect(10, 10, 80, 50)
    return bytes(document.output())


def test_a_scan_is_read_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, LANGUAGES, 'head -c 2; echo " $1 $2 $4"; cat > /dev/null', monkeypatch=monkeypatch)
    found = extract(scan(2), "scan.pdf")
    assert found.text == "P5 stdin stdout por+eng\n\nP5 stdin stdout por+eng"
    assert found.kind == "pdf"


def test_a_picture_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, LANGUAGES, "cat", monkeypatch=monkeypatch)
    assert extract("A chave está com a Inês.".encode(), "sign.PNG").text == "A chave está com a Inês."


@pytest.mark.parametrize(
    ("lines", "name", "key"),
    [
        ((LANGUAGES, "exit 1"), "a.png", "damaged"),
        ((LANGUAGES, "exit 1"), "a.pdf", "damaged"),
        ((LANGUAGES, "cat > /dev/null"), "a.png", "empty"),
        (("echo deu",), "a.png", "no_ocr"),
        (("echo deu",), "a.pdf", "pdf_scanned"),
        ((LANGUAGES, "exec sleep 60"), "a.png", "killed"),
    ],
)
def test_what_cannot_be_recognised_is_refused(
    lines: tuple[str, ...], name: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, *lines, monkeypatch=monkeypatch)
    monkeypatch.setattr(ocr, "_MAX_S", 0.5 if key == "killed" else 60.0)
    with pytest.raises(BadInput, match=f"knowledge.{key} "):
        extract(scan() if name == "a.pdf" else b"x", name)


def test_without_the_program_a_picture_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=r"knowledge\.no_ocr"):
        extract(b"x", "a.jpg")


def test_a_scan_of_too_many_pages_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, LANGUAGES, "cat", monkeypatch=monkeypatch)
    with pytest.raises(BadInput, match="too_much_text"):
        extract(scan(101), "a.pdf")
