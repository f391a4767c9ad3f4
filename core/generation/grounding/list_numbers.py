"""Numbers of list items whose source writes ``1.`` before each, as Markdown allows: where each comes in its list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.retrieval.blocks import QuotePart

_ONE = re.compile(r"(?<!\S)1(?=[.)]\s)")


def list_numbers(parts: Sequence[QuotePart], masked: str) -> Mapping[int, int]:
    """Return by place the numbers of the items that their source calls 1 and that are not the first of their list.

    ``parts`` are those of the text that is ``masked``. Time is linear in their number.
    """
    numbers: dict[int, int] = {}
    last: dict[tuple[int, tuple[int, ...]], int] = {}  # the number of each list's last item
    for place, part in enumerate(parts):
        items = (part.block, part.needs)
        if part.kind != "item":
            continue
        if not _ONE.match(masked, part.start, part.end):
            last.pop(items, None)
            continue
        last[items] = last.get(items, 0) + 1
        if last[items] > 1:
            numbers[place] = last[items]
    return numbers


def renumbered(item: str, number: int | None) -> str:
    """Return a list item as its text begins with ``number`` in place of 1; as it is without a number."""
    return item if number is None else _ONE.sub(str(number), item, count=1)
