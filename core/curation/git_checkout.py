"""Shallow checkouts of git repositories that are watched, by the ``git`` program; nothing of a repository is run.

No hooks, submodules, links, credentials and other protocols: only ``https``, and only the folder that was named.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from core.child_environment import bare_child_environment
from core.errors import BadInput
from core.offload import offload

PROGRAM = "git"
PREFIX = "git+"

_DEADLINE_S = 600.0
_MAX_TOLD_CHARS = 200
_BRANCH = re.compile(r"[\w][\w./-]{0,100}")
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C",
}
_SETTINGS = ("core.hooksPath=/dev/null", "core.symlinks=false", "core.fsmonitor=false", "advice.detachedHead=false")


@dataclass(frozen=True, slots=True)
class GitAddress:
    """A repository's address, a branch (empty: its own default) and a folder in it (empty: all of it)."""

    url: str
    branch: str = ""
    folder: str = ""

    @property
    def shown(self) -> str:
        """Return the address of the folder, under which its files are named."""
        return f"{PREFIX}{self.url}#{self.folder}" if self.folder else f"{PREFIX}{self.url}"


def parse_git_address(target: str, protocols: tuple[str, ...] = ("https",)) -> GitAddress:
    """Return the parts of ``git+https://host/owner/name@branch#folder``.

    Raises ``BadInput`` for another protocol, a user or password in it, and a folder that leads out of the repository.
    """
    address, _, folder = target.removeprefix(PREFIX).partition("#")
    head, _, last = address.rpartition("/")
    name, _, branch = last.partition("@")
    try:
        parts = urlsplit(f"{head}/{name}")
    except ValueError:
        raise BadInput("watch.git_address", target=target) from None
    path = PurePosixPath(folder.strip("/"))
    is_branch = not branch or (bool(_BRANCH.fullmatch(branch)) and ".." not in branch)
    if parts.scheme not in protocols or "@" in parts.netloc or not name or ".." in path.parts or not is_branch:
        raise BadInput("watch.git_address", target=target)
    return GitAddress(parts.geturl(), branch, "" if path == PurePosixPath(".") else path.as_posix())


class GitCheckouts:
    """Checkouts in one folder, one for each address; ``protocols`` are those that git may use."""

    def __init__(self, folder: Path, protocols: tuple[str, ...] = ("https",)) -> None:
        self._folder = folder
        self._protocols = protocols

    async def update(self, target: str) -> tuple[GitAddress, Path]:
        """Return an address and the folder that has its files as they are now.

        Raises ``BadInput`` when git is not installed, or cannot fetch them, or the folder is not in the repository.
        """
        address = parse_git_address(target, self._protocols)
        name = hashlib.blake2b(address.shown.encode() + address.branch.encode(), digest_size=8).hexdigest()
        checkout = self._folder / name
        if not await offload((checkout / ".git").exists):
            await offload(shutil.rmtree, checkout, ignore_errors=True)
            await self._clone(address, checkout)
        try:
            await self._git(target, "-C", str(checkout), "fetch", "--depth=1", "origin", address.branch or "HEAD")
            await self._git(target, "-C", str(checkout), "checkout", "--force", "--detach", "FETCH_HEAD")
        except BadInput:
            if not await offload(_has_files, checkout):
                await offload(shutil.rmtree, checkout, ignore_errors=True)
            raise
        found = checkout / address.folder
        if not await offload(found.is_dir):
            raise BadInput("file.missing", name=target)
        return address, found

    async def _clone(self, address: GitAddress, checkout: Path) -> None:
        await offload(self._folder.mkdir, parents=True, exist_ok=True)
        options = ["--depth=1", "--no-tags", "--single-branch", "--no-checkout", "--filter=blob:none"]
        if address.branch:
            options.append(f"--branch={address.branch}")
        await self._git(address.shown, "clone", *options, "--", address.url, str(checkout))
        if address.folder:
            await self._git(address.shown, "-C", str(checkout), "sparse-checkout", "set", "--", address.folder)

    async def _git(self, target: str, *arguments: str) -> None:
        """Run git. Raises ``BadInput`` with the last line it wrote when it fails or takes too long."""
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        try:
            process = await asyncio.create_subprocess_exec(
                PROGRAM,
                *settings,
                *arguments,
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=PIPE,
                env=bare_child_environment(**_ENVIRONMENT, GIT_ALLOW_PROTOCOL=":".join(self._protocols)),
            )
        except OSError:
            raise BadInput("watch.git_missing") from None
        try:
            async with asyncio.timeout(_DEADLINE_S):
                _, told = await process.communicate()
        except BaseException as error:
            process.kill()
            await process.wait()
            if isinstance(error, TimeoutError):
                raise BadInput("watch.git_failed", target=target, problem="timeout") from None
            raise
        if process.returncode:
            lines = told.decode("utf-8", "replace").strip().splitlines() or [""]
            raise BadInput("watch.git_failed", target=target, problem=lines[-1][:_MAX_TOLD_CHARS])


def _has_files(checkout: Path) -> bool:
    return any(each.name != ".git" for each in checkout.iterdir())
