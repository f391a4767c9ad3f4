"""How fast and how surely answers arrive: 200 people at once, many thousands in a row, and the same with every fault.

Run: make bench-delivery   (python bench/delivery.py [burst|soak|faults ...] [--messages N] [--every N] [--per-s N])
``aion run`` as a process of its own, with everything but models, talks to the small platforms of ``tests/e2e`` over
real sockets; they hold it to their limits. *Own time* is from a question to the first sight of its answer, less what
the limits in ``bot/adapters/*/rate_limits.py`` impose.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles

from discord_server import DiscordServer
from process import Running, running

from bench.arguments import parser_for
from bench.delivery_worlds import N_USERS, BenchWorld, DiscordWorld, TelegramWorld
from bench.table import heading, row
from bench.timing import resident_mb, wait_until
from tests.e2e.telegram_server import TelegramServer

PAUSE_S = 6.0
NO_LIMITS = {f"AION_LIMIT_{who}_PER_MINUTE": "0" for who in ("PERSON", "MODERATOR", "SPACE", "EVERYONE")}
PATIENCE_S = 180.0


@asynccontextmanager
async def world(name: str, *, private: bool) -> AsyncIterator[BenchWorld]:
    """Open a platform with its people."""
    if name == "Telegram":
        async with TelegramServer() as telegram:
            yield TelegramWorld(telegram, private=private)
    else:
        async with DiscordServer() as discord:
            yield DiscordWorld(discord, private=private)


@asynccontextmanager
async def living(world: BenchWorld, folder: Path, life: int = 1) -> AsyncIterator[Running]:
    """Run AION until the block ends, once it hears the people."""
    async with running(folder, module="tests.e2e.quick_aion", **world.settings, **NO_LIMITS) as run:
        await wait_until(lambda: world.is_listening(life) or run.process.returncode is not None, PATIENCE_S)
        if run.process.returncode is not None:
            raise SystemExit("".join(run.log))
        await asyncio.sleep(3)  # Discord's library takes its time to look around
        yield run


def unanswered(people: BenchWorld) -> set[str]:
    return set(people.asked.at_s) - set(people.answers())


def lost(people: BenchWorld, folder: Path) -> set[str]:
    return people.expected(folder) - set(people.answers())


async def burst(name: str, folder: Path) -> str:
    """Let 200 people in 20 chats ask at once."""
    async with world(name, private=False) as people, living(people, folder):
        for n in range(N_USERS // 10):
            people.ask(n, "warm")  # opens every space
        await wait_until(lambda: not unanswered(people), PATIENCE_S)
        await asyncio.sleep(PAUSE_S)
        for n in range(N_USERS):
            people.ask(n)
        await wait_until(lambda: not unanswered(people), PATIENCE_S)
        await asyncio.sleep(1)
        own = [1000 * own_s for text, own_s in people.own_times_s().items() if "warm" not in text]
        cuts = quantiles(own, n=100)
        times = (f"{cuts[place]:.0f}" for place in (49, 94, 98))
        return row(name, len(own), len(unanswered(people)), people.n_doubled(), *times, people.n_refused())


async def soak(name: str, folder: Path, n_messages: int, per_s: float) -> str:
    """Let 200 people ask on and on, and watch the memory."""
    resident: list[float] = []
    async with world(name, private=True) as people, living(people, folder) as run:
        for n in range(n_messages):
            people.ask(n)
            await asyncio.sleep(1 / per_s)
            if (n + 1) % (n_messages // 10) == 0:
                resident.append(resident_mb(run.process.pid))
                print(f"  {name}: {n + 1:,} asked, {resident[-1]:.0f} MB", flush=True)
        await wait_until(lambda: not unanswered(people), PATIENCE_S)
        by_tenth = " ".join(f"{mb:.0f}" for mb in resident)
        n_lost = len(unanswered(people))
        return row(name, f"{n_messages:,}", n_lost, people.n_doubled(), people.n_refused(), by_tenth)


async def faults(name: str, folder: Path, n_messages: int, every: int, per_s: float) -> str:
    """Let 200 people ask on and on while everything goes wrong, killing AION ever so often."""
    chance = random.Random(3)
    async with world(name, private=True) as people:
        for life, first in enumerate(range(0, n_messages, every), start=1):
            async with living(people, folder, life) as run:
                await ask_in_trouble(people, range(first, min(first + every, n_messages)), chance, per_s)
                await run.kill()
            print(f"  {name}: killed after {first + every:,}, {len(unanswered(people))} unanswered", flush=True)
            people.calm()
        n_lives = -(-n_messages // every)
        async with living(people, folder, n_lives + 1):
            await wait_until(lambda: not people.untold(lost(people, folder)), PATIENCE_S)
            await asyncio.sleep(20)  # for what comes late, and for what comes twice
        gone, owed = lost(people, folder), people.expected(folder)
        told = (people.untold(gone), len(gone), people.told().total())
        return row(name, f"{n_messages:,}", n_lives, f"{len(owed):,}", *told, people.n_doubled())


async def ask_in_trouble(people: BenchWorld, numbers: range, chance: random.Random, per_s: float) -> None:
    for n in numbers:
        people.ask(n, "stream" if n % 4 == 0 else "")
        if chance.random() < 0.1:
            people.disturb(chance)
        await asyncio.sleep(1 / per_s)


COLUMNS = {
    "burst": ("200 in 20 chats", "answers", "lost", "doubled", "p50 ms", "p95 ms", "p99 ms", "past a limit"),
    "soak": ("a long run", "answers", "lost", "doubled", "past a limit", "MB after each tenth"),
    "faults": ("with faults and kills", "asked", "kills", "taken on", "lost", "in doubt", "told so", "doubled"),
}


async def main(parts: list[str], names: list[str], n_messages: int, every: int, per_s: float) -> None:
    for part in parts:
        print(f"{part} …", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            works = []
            for name in names:
                data_dir = Path(folder) / name
                data_dir.mkdir()
                if part == "burst":
                    works.append(burst(name, data_dir))
                elif part == "soak":
                    works.append(soak(name, data_dir, n_messages, per_s))
                else:
                    works.append(faults(name, data_dir, n_messages, every, per_s))
            rows = [await work for work in works] if part == "burst" else await asyncio.gather(*works)
        print("\n".join([heading(*COLUMNS[part]), *rows]), flush=True)


if __name__ == "__main__":
    parser = parser_for(__doc__)
    parser.add_argument("parts", nargs="*", metavar="burst|soak|faults")
    parser.add_argument("--platform", choices=("Telegram", "Discord"), action="append")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=500, help="messages between two kills")
    parser.add_argument("--per-s", type=float, default=10.0, help="how many ask each second in the long runs")
    given = parser.parse_args()
    names = given.platform or ["Discord", "Telegram"]
    asyncio.run(main(given.parts or list(COLUMNS), names, given.messages, given.every, given.per_s))
