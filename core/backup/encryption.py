"""Encryption of archives with age (https://age-encryption.org/v1): to a public key, which may lie in ``.env``.

The private key is needed only to restore, and is best kept elsewhere. pyrage reads one file and writes another, in a
thread of its own here, so that an archive is encrypted while it is written and never lies on the disk in the clear.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import pyrage

from core.errors import BadInput, Unavailable

HEAD = b"age-encryption.org/v1"
"""First bytes of every encrypted file."""

_FAILURES = (pyrage.DecryptError, pyrage.EncryptError, OSError, ValueError)


class _Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


def require_recipient(text: str) -> None:
    """Raise ``BadInput`` unless ``text`` is a public key of age (``age1…``)."""
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise BadInput("backup.no_recipient", given=text[:20]) from None


@contextmanager
def encrypting(target: _Sink, recipient: str) -> Iterator[BinaryIO]:
    """Yield a file whose bytes reach ``target`` encrypted to ``recipient``. Raises ``OSError`` when that fails."""
    key = pyrage.x25519.Recipient.from_str(recipient)
    read_end, write_end = _pipe()
    worker = _Worker(lambda: pyrage.encrypt_io(read_end, target, [key]), read_end)
    try:
        with suppress(BrokenPipeError), write_end:  # the worker ended first, and says why
            yield write_end
    finally:
        worker.join()
    if worker.error is not None:
        raise OSError("the encrypted file could not be written") from worker.error


@contextmanager
def decrypting(source: _Source, identity: Path | None) -> Iterator[BinaryIO]:
    """Yield a file with the decrypted bytes of ``source``. ``identity`` is a file that holds the private key.

    Raises ``BadInput`` without one, and when it does not fit or ``source`` was changed.
    """
    if identity is None:
        raise BadInput("backup.encrypted")
    keys = _identities(identity)
    read_end, write_end = _pipe()
    worker = _Worker(lambda: pyrage.decrypt_io(source, write_end, keys), write_end)
    try:
        with read_end:
            yield read_end
    finally:
        worker.join()
        # A broken pipe means that whoever read had enough, and why is raised already.
        if worker.error is not None and not isinstance(worker.error, BrokenPipeError):
            raise BadInput("backup.undecryptable", file=identity, problem=str(worker.error)) from worker.error


def _identities(file: Path) -> Sequence[pyrage.x25519.Identity]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        return [pyrage.x25519.Identity.from_str(line.strip()) for line in lines if line.strip() and line[0] != "#"]
    except OSError as error:
        raise Unavailable("settings.unreadable", file=file, problem=error.strerror or error) from None
    except (pyrage.IdentityError, UnicodeDecodeError):
        raise BadInput("backup.no_identity", file=file) from None


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    read_end, write_end = os.pipe()
    return cast(BinaryIO, os.fdopen(read_end, "rb")), cast(BinaryIO, os.fdopen(write_end, "wb"))


class _Worker:
    """A thread that does ``work`` and then closes ``end``, its end of a pipe; ``error`` is what it raised."""

    def __init__(self, work: Callable[[], None], end: BinaryIO) -> None:
        self.error: Exception | None = None
        self._work = work
        self._end = end
        self._thread = threading.Thread(target=self._run, name="age", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until the work is done."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except _FAILURES as error:
            self.error = error
        finally:
            with suppress(OSError):
                self._end.close()
