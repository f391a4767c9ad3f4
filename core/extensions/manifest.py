"""The manifest of a plugin: a block of comments in its file, read without running it.

The block has the form of PEP 723 with the type ``aion``: TOML in comment lines between ``# /// aion`` and ``# ///``.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from core.errors import BadInput
from core.services import SpaceServices
from core.types import Language

MAX_SOURCE_BYTES = 1_000_000

HOOKS = ("before_answer", "after_answer", "on_rating", "on_document")
"""What a plugin may be told of (``core.extensions.hooks.HookSpecs``)."""

SERVICES = tuple(each.name for each in fields(SpaceServices))
"""What a plugin may be given to work with."""

_START, _END = "# /// aion", "# ///"

NAME = r"[a-z][a-z0-9_]{0,19}"
"""What a plugin may be called; its file has the same name."""

PluginName = Annotated[str, StringConstraints(pattern=f"^{NAME}$")]


class PluginManifest(BaseModel):
    """What a plugin is called, does, and is given: ``services`` in its commands, ``hooks`` of every space it is on in.

    ``jobs``, ``engines``, ``extractors``, ``generators`` and ``screens`` name what it registers beside commands; an
    extractor by its suffix.

    ``network``: whether it says that it calls other machines; nothing but its own word.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: PluginName
    version: Annotated[str, Field(max_length=40)] = "0"
    description: Mapping[Language, Annotated[str, Field(min_length=1, max_length=300)]]
    services: tuple[str, ...] = ()
    hooks: tuple[Literal["before_answer", "after_answer", "on_rating", "on_document"], ...] = ()
    jobs: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    extractors: tuple[str, ...] = ()
    generators: tuple[str, ...] = ()
    screens: tuple[str, ...] = ()
    network: bool = False

    def say(self, language: Language) -> str:
        """Return the description in a language, or in the one it is written in."""
        return self.description.get(language, next(iter(self.description.values())))


@dataclass(frozen=True, slots=True)
class PluginSource:
    """The file of a plugin as it was read once. ``digest`` is SHA-256 of ``code`` and ``rest``, in hexadecimal digits.

    ``rest`` tells the other files of an installed package, ``package`` what relative imports in it start from.
    """

    path: Path
    code: bytes
    manifest: PluginManifest
    rest: bytes = b""
    package: str = ""

    @property
    def digest(self) -> str:
        """Return what tells this code from any other."""
        return hashlib.sha256(self.code + self.rest).hexdigest()


def read_source(path: Path, name: str = "", rest: bytes = b"", package: str = "") -> PluginSource:
    """Read a plugin's file. Blocks. Raises ``BadInput`` when it cannot be read or has no manifest that holds.

    ``name`` is what the plugin must be called; without one, as its file is.
    """
    try:
        with path.open("rb") as file:
            code = file.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        raise BadInput("plugin.unreadable", file=path.name, problem=error.strerror or error) from error
    if len(code) > MAX_SOURCE_BYTES:
        raise BadInput("plugin.unreadable", file=path.name, problem=f"> {MAX_SOURCE_BYTES} bytes")
    return PluginSource(path, code, _manifest(path, code, name or path.stem), rest, package)


def _manifest(path: Path, code: bytes, name: str) -> PluginManifest:
    try:
        block = tomllib.loads("\n".join(_block(code.decode("utf-8").splitlines())))
        manifest = PluginManifest.model_validate(block)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput("plugin.no_manifest", file=path.name, problem=f"{where}: {first['msg']}") from error
    except ValueError as error:  # neither UTF-8 nor TOML
        raise BadInput("plugin.no_manifest", file=path.name, problem=str(error)) from error
    if manifest.name != name:
        raise BadInput("plugin.no_manifest", file=path.name, problem=f"name: {manifest.name!r} != {name!r}")
    if unknown := [each for each in manifest.services if each not in SERVICES]:
        raise BadInput(
            "plugin.no_manifest",
            file=path.name,
            problem=f"there is no service {', '.join(unknown)}; there are {', '.join(SERVICES)}",
        )
    return manifest


def _block(lines: list[str]) -> list[str]:
    """Return the lines of the block without their comment signs. Raises ``ValueError`` when there is none."""
    if _START not in lines:
        raise ValueError(f"{_START!r} is missing")
    start = lines.index(_START) + 1
    if _END not in lines[start:]:
        raise ValueError(f"{_END!r} is missing")
    block = lines[start : lines.index(_END, start)]
    if not all(line == "#" or line.startswith("# ") for line in block):
        raise ValueError("every line of the block is a comment")
    return [line[2:] for line in block]
