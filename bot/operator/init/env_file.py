"""Atomic change of settings in a ``.env``: every other line stays, and the old file is kept as a backup."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

_PLAIN = re.compile(r"[\w.:/@+,=-]*")
_PRIVATE = 0o600


def with_settings(text: str, settings: Mapping[str, str]) -> str:
    """Return the text of a ``.env`` with these settings changed in place, or appended."""
    lines: list[str] = []
    left = dict(settings)
    for binding in parse_stream(StringIO(text)):
        line = binding.original.string
        if binding.key is not None and binding.key in settings:
            body = line.lstrip()
            export = "export " if re.match(r"export\s", body) else ""
            line = f"{line[: len(line) - len(body)]}{export}{_line(binding.key, settings[binding.key])}"
            left.pop(binding.key, None)
        lines.append(line)
    if lines and not lines[-1].endswith("\n"):
        lines.append("\n")
    return "".join(lines) + "".join(_line(name, value) for name, value in left.items())


def write_env(path: Path, settings: Mapping[str, str], now: datetime) -> Path | None:
    """Change settings in the file ``path`` (mode 0600); return the backup's path, ``None`` where there was no file.

    Blocks. Raises ``OSError`` when it cannot be written; the file is then unchanged.
    """
    path = path.resolve()
    old = path.read_text(encoding="utf-8-sig") if path.exists() else None
    backup = path.with_name(f"{path.name}.{now:%Y%m%d-%H%M%S}.bak") if old is not None else None
    if backup is not None and old is not None:
        _write(backup, old)
    _write(path, with_settings(old or "", settings))
    return backup


def _write(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _line(name: str, value: str) -> str:
    if not _PLAIN.fullmatch(value):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        value = f"'{escaped}'"
    return f"{name}={value}\n"
