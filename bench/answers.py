"""What members get from communities' own documents, by set and kind of question: default models, no network.

Run: python bench/answers.py DIR... [--limit N] [--sheet FILE.html]   (DIRs whose questions have required strings)
It is ``aion eval --answers`` in a data folder of its own, printed as the table that stands in ``bench/README.md``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.labelled import folder_arguments, require_folders
from bench.table import heading, row

COLUMNS = (
    "right", "right_asserted", "beside", "declined", "bluffed", "offered", "declined_rightly",
    "auroc", "gold_first", "gold_in_8", "p50_ms",
)  # fmt: skip


def main() -> None:
    arguments = folder_arguments(__doc__)
    arguments.add_argument("--limit", type=int, default=10_000, help="questions of each set at most")
    arguments.add_argument("--sheet", type=Path, help="write questions and answers side by side")
    given = arguments.parse_args()
    require_folders(given.folders)
    command = [sys.executable, "-m", "bot", "eval", *map(str, given.folders), "--answers", "--json"]
    command += ["--limit", str(given.limit), *(["--sheet", str(given.sheet)] if given.sheet else [])]
    environment = {**os.environ, "AION_DATA_DIR": str(given.cache / "answers")}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    sets = json.loads(done.stdout[: done.stdout.rindex("}") + 1])["sets"]
    print(heading("set", "kind", "n", *COLUMNS))
    for name, kinds in sets.items():
        for kind, measures in kinds.items():
            print(row(name, kind, measures["n"], *(shown(measures[column]) for column in COLUMNS)))


def shown(value: float | None) -> str:
    """Return a share with two digits, milliseconds with none, and a dash for what was not measured."""
    return "–" if value is None else f"{value:.0f}" if value > 1 else f"{value:.2f}".replace("0.", ".", 1)


if __name__ == "__main__":
    main()
