"""The operator's ``.env``: read as UTF-8, with or without a byte order mark, or refused in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from core.errors import Unavailable

DOTENV = Path(".env")
"""The file, in the working directory."""


def read_dotenv(path: Path = DOTENV) -> Mapping[str, str]:
    """Return the settings of a ``.env``; none when there is no file. Blocks.

    Raises ``Unavailable`` when it cannot be read, and when it is not UTF-8: PowerShell's ``>`` writes UTF-16, and an
    editor may write Latin-1.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unavailable("settings.unreadable", file=path, problem=error.strerror or error) from None
    except UnicodeDecodeError as error:
        raise Unavailable("settings.not_utf8", file=path, line=error.object.count(b"\n", 0, error.start) + 1) from None
    if "\0" in text:  # UTF-16 without a byte order mark
        raise Unavailable("settings.not_utf8", file=path, line=text.count("\n", 0, text.index("\0")) + 1)
    return {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value is not None}


def unquoted(value: str) -> str:
    """Return a value without the quotes around it, which ``docker --env-file`` hands over, and without spaces."""
    value = value.strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].strip() if is_quoted else value
