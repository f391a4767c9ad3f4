"""Plugins in installed packages: entry points of the group ``aion.plugins``, read without importing anything.

The entry point's name is the plugin's, its value the module that has the manifest and ``register``. The digest covers
every Python file of the package as it is on disk, so that an upgrade does nothing until it is enabled again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, PackagePath, entry_points
from pathlib import Path

from core.errors import BadInput
from core.extensions.manifest import PluginSource, read_source

GROUP = "aion.plugins"


def read_installed(
    sources: dict[str, PluginSource], broken: dict[str, str], points: Iterable[EntryPoint] | None = None
) -> None:
    """Add the plugins of installed packages, and the problems of those that cannot be read. Blocks.

    A file of the data folder goes before a package of its name.
    """
    for point in entry_points(group=GROUP) if points is None else points:
        if point.name in sources or point.name in broken:
            continue
        try:
            sources[point.name] = _source(point)
        except BadInput as error:
            broken[point.name] = str(error.values["problem"])


def _source(point: EntryPoint) -> PluginSource:
    files = list(point.dist.files or ()) if point.dist is not None else []
    module = point.module.replace(".", "/")
    named = {file.as_posix(): file for file in files}
    file = named.get(f"{module}.py") or named.get(f"{module}/__init__.py")
    if file is None:
        raise BadInput("plugin.unreadable", file=point.value, problem="its package lists no such module")
    rest = "\n".join(sorted(f"{each.as_posix()} {_hash(each)}" for each in files if each.suffix == ".py"))
    package = point.module if file.name == "__init__.py" else point.module.rpartition(".")[0]
    return read_source(Path(str(file.locate())), point.name, rest.encode(), package)


def _hash(file: PackagePath) -> str:
    path = Path(str(file.locate()))
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
