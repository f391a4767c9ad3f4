"""README's worked example, run as it stands there: a made-up community's thumbs become a version on trial.

64 questions about 16 facts, asked in four ways, are learned; the fifth way is held out: ``make bench-learning``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.types import SpaceId
from tests.lessons import HELD, TAUGHT, store_liked

COMMANDS = (
    "train export --out today/",
    "train sft --data today/sft.jsonl --out lora/ --batch 8 --accumulate 1 --rate 1e-3",
    "lora promote v1 --thumbs today/kto.held.jsonl --share 0.1",
    "lora list",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, help="where converted models are kept")
    models = parser.parse_args().models
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        if models:
            (data / "models").symlink_to(models.resolve())
        lessons = [(prompt[-1].content, reply) for prompt, reply in (*TAUGHT, *HELD)]
        asyncio.run(store_liked(data, SpaceId("terminal:local"), lessons))
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        for command in COMMANDS:
            print(f"$ aion {command}", flush=True)
            start_s = time.monotonic()
            subprocess.run([sys.executable, "-m", "bot", *command.split()], cwd=folder, env=environment, check=True)
            print(f"({time.monotonic() - start_s:.0f} s; load {os.getloadavg()[0]:.0f})", flush=True)


if __name__ == "__main__":
    main()
