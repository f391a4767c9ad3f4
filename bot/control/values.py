"""Arguments and errors of commands as JSON, for the way between two processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import BadInput, PermissionRefused, Unavailable, UserError
from core.knowledge.files import FileSelection

_PATH, _SELECTION = "$path", "$selection"
_ERRORS = {kind.__name__: kind for kind in (BadInput, PermissionRefused, Unavailable, UserError)}


def to_json(value: Any) -> Any:
    """Return a plain value, a path, a file selection, or a list or mapping of them, as JSON."""
    if isinstance(value, Path):
        return {_PATH: str(value)}
    if isinstance(value, FileSelection):
        return {_SELECTION: asdict(value)}
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    return value


def from_json(value: Any) -> Any:
    """Return what ``to_json`` was given; sequences as lists."""
    if isinstance(value, dict):
        if _PATH in value:
            return Path(str(value[_PATH]))
        if _SELECTION in value:
            return FileSelection(**value[_SELECTION])
        return {name: from_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [from_json(each) for each in value]
    return value


def error_to_json(error: UserError) -> Mapping[str, Any]:
    """Return an error with its values as text, by language too; numbers stay numbers, so that they can be formatted."""
    values = {
        name: each if isinstance(each, int | float | Mapping) else str(each) for name, each in error.values.items()
    }
    return {"kind": type(error).__name__, "key": error.key, "values": values}


def error_from_json(row: Mapping[str, Any]) -> UserError:
    """Return the error of ``error_to_json``."""
    return _ERRORS.get(str(row.get("kind")), UserError)(str(row["key"]), **row.get("values", {}))
