"""A folder for its owner alone: mode 0700, its files 0600, whatever the umask was and whoever made them."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)

OTHERS = 0o077
"""The permissions of the group and of everybody else."""

_CONTENTS = (
    *("aion.db", "aion.db-wal", "aion.db-shm", "aion.lock", "aion.sock", "aion.log", "person.key", "chat_history"),
    *("backups", "discord_commands.json", "eval-vectors.sqlite", "gate", "indexes", "loras", "models", "rewards"),
    "training",
)
"""What AION keeps in a data folder. The rest is left alone: the folder may be one that holds other things, too."""


def open_private_folder(folder: Path) -> None:
    """Make a folder, or take it and its contents from others; what this process makes later is private as well.

    Blocks. Raises ``OSError`` when the folder cannot be made.
    """
    os.umask(os.umask(OTHERS) | OTHERS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _tighten(folder):
        for name in _CONTENTS:
            _tighten_tree(folder / name)


def is_private(folder: Path) -> bool:
    """Return whether nobody but the owner may enter a folder. Raises ``OSError`` when there is none."""
    return not stat.S_IMODE(folder.stat().st_mode) & OTHERS


def _tighten_tree(path: Path) -> None:
    _tighten(path)
    if not path.is_symlink():
        for parent, folders, files in os.walk(path):
            for name in (*folders, *files):
                _tighten(Path(parent, name))


def _tighten(path: Path) -> bool:
    """Take a file or folder from everybody but its owner; ``False`` where that is impossible. Links are left alone."""
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("%s stays open to others: %s", path, error.strerror)
        return False
    return True
