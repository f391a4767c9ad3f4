"""Many messages through one ``aion run``: its memory, tasks, threads and descriptors at rest after each tenth.

Run: make soak   (python bench/soak.py [--messages 100000])
Questions, small talk and commands in 200 private chats, half on each small platform of ``tests/e2e``, 32 at a time and
as fast as they are answered: AION's own budgets for the platforms are lifted. Everything but the models is real.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bench.arguments import parser_for
from bench.table import heading, row
from tests.e2e.long_run import Vitals, long_run

COLUMNS = ("messages", "resident MB", "tasks", "threads", "descriptors", "s")


async def main(n_messages: int) -> None:
    start_s = time.monotonic()
    print(heading(*COLUMNS), flush=True)

    def tell(vitals: Vitals) -> None:
        held = (f"{vitals.mb:.0f}", vitals.tasks, vitals.threads, vitals.descriptors)
        print(row(f"{vitals.n_messages:,}", *held, f"{time.monotonic() - start_s:,.0f}"), flush=True)

    with tempfile.TemporaryDirectory(prefix="aion-soak-") as folder:
        taken = await long_run(Path(folder), [n_messages // 10] * 10, tell)
    print(f"\nresident memory since the first tenth: {taken[-1].mb / taken[0].mb - 1:+.1%}")


if __name__ == "__main__":
    parser = parser_for(__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    asyncio.run(main(parser.parse_args().messages))
