"""LaTeX: what its commands hide."""

from __future__ import annotations

import pytest

from core.knowledge.extract import extract


@pytest.mark.parametrize(
    "hidden",
    [r"\rowcolors{2}{gray!10}{white}", r"\def\arraystretch{1.5}", r"\definecolor{deep}{HTML}", r"\vspace{1em}"],
)
def test_commands_of_layout_are_hidden_with_their_arguments(hidden: str) -> None:
    text = rf"\section{{Fees}}{hidden} Members pay 5 euros."
    assert extract(text.encode(), "a.tex").text == "## Fees\n\nMembers pay 5 euros."
