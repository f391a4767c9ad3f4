"""Lines of Markdown tables, as every benchmark prints its figures."""

from __future__ import annotations


def heading(*columns: str) -> str:
    """Return the two lines that begin a table."""
    return row(*columns) + "\n" + "|---" * len(columns) + "|"


def row(*cells: object) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(map(str, cells))} |"
