"""AION killed with ``kill -9`` at random moments while people ask, rate, teach, review and back up, on each database.

Run: make chaos   (python bench/chaos.py [--kills N] [--seed N] [--database sqlite|postgres] [--every N])
Every ``--every`` kills AION is left alone until it rests, and everything it promised is compared with what its database
and its indexes hold (``tests/e2e/chaos.py``). The first fault ends the run, with the seed and the log.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.arguments import parser_for
from bench.table import heading, row
from tests.e2e.chaos import Chaos, chaos
from tests.postgres import postgres_server

COLUMNS = ("kills", "starts", "asked", "rated", "commands", "backups", "in doubt, and told so", "faults")


def figures(lives: Chaos) -> tuple[object, ...]:
    tally, people = lives.tally, (lives.telegram, lives.discord)
    n_asked, n_rated = sum(each.n_asked for each in people), sum(len(each.rated) for each in people)
    counted = (n_asked, n_rated, len(lives.discord.commands), tally.n_backups, lives.telegram.n_told())
    return tally.n_kills, tally.n_starts, *counted, len(tally.faults)


async def measure(database: str, folder: Path, url: str, seed: int, n_kills: int, every: int) -> Chaos:
    start_s = time.monotonic()

    def tell(lives: Chaos) -> None:
        print(f"  {database}: {time.monotonic() - start_s:,.0f} s, {row(*figures(lives))}", flush=True)

    lives = await chaos(folder, url, seed, n_kills, every, tell)
    if lives.tally.faults:
        print(f"{database}, seed {seed}:\n{lives.report()}", file=sys.stderr)
    return lives


def main(databases: list[str], seed: int, n_kills: int, every: int) -> None:
    print(f"seed {seed}\n{row('', *COLUMNS)}")
    rows, is_sound = [], True
    for database in databases:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aion-chaos-")))
            server = stack.enter_context(postgres_server()) if database == "postgres" else None
            url = server.make("chaos") if server else ""
            lives = asyncio.run(measure(database, folder / "lives", url, seed, n_kills, every))
            rows.append(row(database, *figures(lives)))
            is_sound = is_sound and not lives.tally.faults
    print("\n".join([heading("database", *COLUMNS), *rows]))
    if not is_sound:
        sys.exit(1)


if __name__ == "__main__":
    parser = parser_for(__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", choices=("sqlite", "postgres"), action="append")
    parser.add_argument("--every", type=int, default=25, help="kills between two audits")
    given = parser.parse_args()
    main(given.database or ["sqlite", "postgres"], given.seed, given.kills, given.every)
