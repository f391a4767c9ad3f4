"""A virtual environment with what ``requirements.light.lock`` pins and nothing else, linked from this one."""

from __future__ import annotations

import venv
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from process import ROOT

LOCK = ROOT / "requirements.light.lock"


def pinned() -> list[Requirement]:
    """Return the packages of the light installation on this machine."""
    lines = [line.removesuffix("\\") for line in LOCK.read_text(encoding="utf-8").splitlines() if line[:1].isalnum()]
    return [each for each in map(Requirement, lines) if each.marker is None or each.marker.evaluate()]


def light_python(folder: Path) -> str:
    """Make the environment in ``folder`` and return its interpreter.

    Raises ``PackageNotFoundError`` where a pinned package is not in this environment.
    """
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for package in pinned():
        _link(distribution(package.name), site)
    own = distribution("aion-memory")  # its version alone: the code is the checkout's
    _link_names(own, {Path(str(own.locate_file(""))) / f"aion_memory-{own.version}.dist-info"}, site)
    return str(folder / "bin" / "python")


def _link(package: Distribution, site: Path) -> None:
    files = package.files
    if files is None:
        raise PackageNotFoundError(package.name)
    tops = {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}
    _link_names(package, {Path(str(package.locate_file(top))) for top in tops}, site)


def _link_names(package: Distribution, places: set[Path], site: Path) -> None:
    for place in places:
        link = site / place.name
        if not link.is_symlink():
            link.symlink_to(place)
