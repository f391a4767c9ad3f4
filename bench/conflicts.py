"""Contradictions found among labelled pairs of statements: precision and recall, by half, language and kind.

Run: python bench/conflicts.py [--misses]
``bench/conflicts.jsonl`` has pairs in two languages, half of them no contradictions. Words and bounds of
``core.conflicts`` were chosen on the half ``decide``; the half ``judge`` was not looked at for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.arguments import parser_for
from bench.table import heading, row
from bench.timing import timed
from core.conflicts.contradiction import contradict
from core.conflicts.statement import statements
from core.types import Passage, SpaceId

PAIRS = Path(__file__).with_suffix(".jsonl")


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two passages, and whether they contradict each other."""

    id: int
    half: str
    language: str
    kind: str
    is_conflict: bool
    first: Passage
    second: Passage

    @property
    def is_found(self) -> bool:
        """Return whether a statement of one contradicts one of the other."""
        return any(contradict(one, other) for one in statements(self.first) for other in statements(self.second))


def read_pairs(path: Path = PAIRS) -> list[LabelledPair]:
    """Return the labelled pairs of a file."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        LabelledPair(
            each["id"],
            each["half"],
            each["language"],
            each["kind"],
            each["is_conflict"],
            _passage(2 * each["id"], each["language"], each["first"]),
            _passage(2 * each["id"] + 1, each["language"], each["second"]),
        )
        for each in rows
    ]


def _passage(id_: int, language: Any, side: dict[str, str]) -> Passage:
    return Passage(
        id_, id_, SpaceId("bench"), side["title"], side["heading"], side["text"], 0, len(side["text"]), language
    )


def measured(name: str, pairs: Sequence[LabelledPair]) -> str:
    """Return a line of the table: precision, recall, and the counts they are of."""
    found = [pair for pair in pairs if pair.is_found]
    n_right = sum(pair.is_conflict for pair in found)
    n_wanted = sum(pair.is_conflict for pair in pairs)
    precision = f"{n_right / len(found):.2f}" if found else "-"
    return row(name, len(pairs), precision, f"{n_right / n_wanted:.2f}", len(found) - n_right, n_wanted - n_right)


def misses(pairs: Iterable[LabelledPair]) -> list[str]:
    """Return the pairs that are told wrongly."""
    return [
        f"{pair.id} {pair.kind} {'missed' if pair.is_conflict else 'FALSE'}: {pair.first.text} | {pair.second.text}"
        for pair in pairs
        if pair.is_found != pair.is_conflict
    ]


def main() -> None:
    """Print the table."""
    parser = parser_for(__doc__)
    parser.add_argument("--misses", action="store_true", help="list the pairs of the deciding half told wrongly")
    arguments = parser.parse_args()
    pairs = read_pairs()
    print(heading("pairs", "n", "precision", "recall", "wrongly found", "missed"))
    for half in ("decide", "judge"):
        for language in ("en", "pt"):
            some = [pair for pair in pairs if pair.half == half and pair.language == language]
            print(measured(f"{half}, {language}", some))
    judged = [pair for pair in pairs if pair.half == "judge"]
    print(measured("judge, both", judged))
    with timed() as elapsed:
        for pair in pairs:
            _ = pair.is_found
    print(f"\n{1e6 * elapsed.wall_s / len(pairs):.0f} µs a pair, statements cached")
    if arguments.misses:
        print("\n".join(misses(pair for pair in pairs if pair.half == "decide")))


if __name__ == "__main__":
    main()
