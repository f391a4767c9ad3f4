"""Fuzz one target by atheris, which is not among AION's packages: ``python -m tests.fuzz.guided TARGET SECONDS``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["core", "bot"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.__main__ import MAX_BYTES, SEEDS, holds


def main() -> None:
    """Fuzz from the seeds until the time is over; exit with the status of atheris."""
    name, seconds = sys.argv[1:3]

    def held(data: bytes) -> None:
        if not holds(name, TARGETS[name], data):
            raise SystemExit(1)

    with tempfile.TemporaryDirectory() as corpus:
        for n, seed in enumerate(SEEDS):
            Path(corpus, f"{n}").write_bytes(seed)
        atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", f"-max_len={MAX_BYTES}", "-timeout=60", corpus], held)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
