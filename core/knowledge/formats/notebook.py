"""Reading Jupyter notebooks (nbformat 3 and 4): text cells, code cells and what they printed; nothing is run."""

from __future__ import annotations

import json
from typing import Any

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText

_MAX_OUTPUT_CHARS = 2_000
"""Longer output of one cell is mostly numbers."""


def read(text: str, name: str) -> ReadText:
    """Return a notebook's text. Raises ``BadInput`` when it is none."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput("knowledge.damaged", name=name) from None
    if not isinstance(notebook, dict):
        raise BadInput("knowledge.damaged", name=name)
    metadata = _dict(notebook.get("metadata"))
    language = str(_dict(metadata.get("kernelspec")).get("language", ""))
    out = DocumentText(name)
    sheets = [notebook, *_dicts(notebook.get("worksheets"))]
    for cell in (cell for sheet in sheets for cell in _dicts(sheet.get("cells"))):
        source = _joined(cell.get("source", cell.get("input")))
        match cell.get("cell_type"):
            case "markdown" | "raw":
                out.markdown(source)
            case "heading":
                out.heading(cell["level"] if isinstance(cell.get("level"), int) else 1, source)
            case "code":
                out.code(source, language if language.isalnum() else "")
                for output in _dicts(cell.get("outputs")):
                    out.code(_printed(output)[:_MAX_OUTPUT_CHARS])
    title = metadata.get("title")
    return ReadText(title if isinstance(title, str) and title.strip() else None, out.text())


def _printed(output: dict[str, Any]) -> str:
    """Return the text of an output; errors and pictures have none."""
    return _joined(output.get("text")) or _joined(_dict(output.get("data")).get("text/plain"))


def _joined(lines: Any) -> str:
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
