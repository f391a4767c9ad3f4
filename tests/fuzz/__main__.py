"""Fuzz for a number of seconds: ``python -m tests.fuzz SECONDS [TARGET …]``.

The targets take turns. Where atheris is installed it guides the bytes by the code they reach, each target in a process
of its own; elsewhere seeds are changed at random, by a seed that is printed. The first input that fails is kept beside
the working directory as ``fuzz-TARGET.bin``, and the exit status is 1.
"""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz.seeds import DOCUMENTS, REPLIES, TEXTS
from tests.fuzz.targets import FILE_SUFFIXES, TARGETS, Target

SEEDS = tuple(
    bytes([FILE_SUFFIXES.index(suffix)]) + data
    for suffix, data in (*DOCUMENTS, *((".md", text) for text in (*REPLIES, *TEXTS)))
)
MAX_BYTES = 20_000
SLOW_S = 5.0
"""Seconds of processor time that no input of ``MAX_BYTES`` may take."""


def changed(chance: random.Random) -> bytes:
    """Return a seed with some bytes or pieces replaced, repeated, removed or taken from others."""
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 6)):
        start = chance.randrange(chance.randrange(50) > 0, len(data) + 1)  # the kind of file changes rarely
        end = min(len(data), start + chance.choice((1, 1, 2, 8, 64)))
        other = chance.choice(SEEDS)
        cut = chance.randrange(len(other) + 1)
        piece = (
            chance.randbytes(chance.randrange(1, 4)),
            other[cut : cut + chance.choice((1, 4, 16, 200))],
            bytes(data[start:end]) * chance.choice((2, 3, 50)),
            b"",
        )
        data[start:end] = chance.choice(piece)
    return bytes(data[:MAX_BYTES])


def holds(name: str, target: Target, data: bytes) -> bool:
    """Return whether a target holds for an input; one for which it does not is kept and said."""
    began_s = time.process_time()
    try:
        target(data)
        took_s = time.process_time() - began_s
        assert took_s < SLOW_S, f"{took_s:.1f} s of processor time"
    except Exception:  # noqa: BLE001  whatever it is, it is what was looked for
        kept = Path(f"fuzz-{name}.bin")
        kept.write_bytes(data)
        print(f"{name} fails for {len(data)} bytes, kept in {kept}:\n{traceback.format_exc()}", flush=True)
        return False
    return True


def fuzz_at_random(names: list[str], seconds: float) -> bool:
    """Fuzz the targets in turns; return whether they held."""
    seed = time.time_ns()
    chance, counts = random.Random(seed), dict.fromkeys(names, 0)
    until_s = time.monotonic() + seconds
    print(f"fuzzing {', '.join(names)} for {seconds:.0f} s at random, seed {seed}", flush=True)
    while time.monotonic() < until_s:
        for name in names:
            counts[name] += 1
            if not holds(name, TARGETS[name], changed(chance)):
                return False
    print(", ".join(f"{name}: {n}" for name, n in counts.items()))
    return True


def fuzz_guided(names: list[str], seconds: float) -> bool:
    """Fuzz each target by atheris for its share of the time; return whether they held."""
    share = max(1, int(seconds / len(names)))
    return all(
        subprocess.run([sys.executable, "-m", "tests.fuzz.guided", name, str(share)], check=False).returncode == 0
        for name in names
    )


def main() -> None:
    """Fuzz as the command line says."""
    seconds, names = float(sys.argv[1]), sys.argv[2:] or list(TARGETS)
    fuzz = fuzz_guided if importlib.util.find_spec("atheris") else fuzz_at_random
    sys.exit(0 if fuzz(names, seconds) else 1)


if __name__ == "__main__":
    main()
