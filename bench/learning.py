"""The worked example of ``docs/training.md``, run as it stands there: a made-up community's thumbs become a version.

64 questions about 16 facts, asked in four ways, are learned; the fifth way is held out: ``make bench-learning``.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.arguments import add_models, link_models, parser_for
from bench.timing import timed
from core.types import SpaceId
from tests.lessons import HELD, TAUGHT, store_liked

COMMANDS = (
    "train export --out today/",
    "train sft --data today/sft.jsonl --out lora/ --batch 8 --accumulate 1 --rate 1e-3",
    "lora promote v1 --thumbs today/kto.held.jsonl --share 0.1",
    "lora list",
)


def main() -> None:
    parser = parser_for(__doc__)
    add_models(parser)
    models = parser.parse_args().models
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        link_models(data, models)
        lessons = [(prompt[-1].content, reply) for prompt, reply in (*TAUGHT, *HELD)]
        asyncio.run(store_liked(data, SpaceId("terminal:local"), lessons))
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "AION_DATA_DIR": str(data)}
        for command in COMMANDS:
            print(f"$ aion {command}", flush=True)
            with timed() as running:
                subprocess.run([sys.executable, "-m", "bot", *command.split()], cwd=folder, env=environment, check=True)
            print(f"({running.wall_s:.0f} s; load {os.getloadavg()[0]:.0f})", flush=True)


if __name__ == "__main__":
    main()
