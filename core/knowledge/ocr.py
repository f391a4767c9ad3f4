"""Text recognition by the ``tesseract`` program, where it is installed: scanned pages and pictures. Blocks.

Runs within the sandbox that reads the file. Recognises Portuguese and English, as far as their data are installed.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterable
from functools import cache

from core.child_environment import bare_child_environment
from core.errors import BadInput

PROGRAM = "tesseract"

_LANGUAGES = ("por", "eng")
_MAX_S = 80.0
"""Time for all pages of one file: less than a sandbox has (``core.sandbox.process``)."""


def is_ocr_installed() -> bool:
    """Return whether the program is there, with data for one of the languages."""
    program = shutil.which(PROGRAM)
    return program is not None and bool(_languages(program))


def recognise_text(pictures: Iterable[bytes], name: str) -> str:
    """Return the text of pictures (PNG, JPEG, TIFF, WebP, PNM), one after the other, an empty line between two.

    Raises ``BadInput`` when the program is not installed, fails on a picture, or takes longer than ``_MAX_S``.
    """
    program = shutil.which(PROGRAM)
    languages = "+".join(_languages(program)) if program else ""
    if not program or not languages:
        raise BadInput("knowledge.no_ocr", name=name)
    deadline = time.monotonic() + _MAX_S
    texts = []
    for picture in pictures:
        try:
            done = _run(program, "stdin", "stdout", "-l", languages, data=picture, until=deadline)
        except (OSError, subprocess.TimeoutExpired):
            raise BadInput("knowledge.killed", name=name) from None
        if done.returncode:
            raise BadInput("knowledge.damaged", name=name)
        texts.append(done.stdout.decode("utf-8", "replace").strip())
    return "\n\n".join(filter(None, texts))


@cache
def _languages(program: str) -> tuple[str, ...]:
    try:
        listed = _run(program, "--list-langs", until=time.monotonic() + 10).stdout.decode("utf-8", "replace").split()
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(language for language in _LANGUAGES if language in listed)


def _run(program: str, *arguments: str, data: bytes = b"", until: float) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [program, *arguments],
        input=data,
        capture_output=True,
        env=dict(bare_child_environment(OMP_THREAD_LIMIT="1")),
        timeout=max(0.1, until - time.monotonic()),
        check=False,
    )
