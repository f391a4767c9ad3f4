"""LaTeX commands masked in place."""

from __future__ import annotations

import pytest

from core.retrieval.latex import is_latex, without_commands
from core.retrieval.markup import shown


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"\section{Horários}\label{sec:h}", "# Horários"),
        (r"\item \textbf{Taxa:} R\$ 25,00 por mês", "- Taxa: R$ 25,00 por mês"),
        (r"Forno & 180~graus \\", "Forno | 180 graus"),
        ("Aberto % só no verão\nFechado", "Aberto\nFechado"),
        (r"\begin{tabular}{ m{0.2\linewidth} c }", ""),
        ("50\\% off \\emph{today}", "50% off today"),
    ],
)
def test_commands_go_and_their_words_stay(text, read):
    masked = without_commands(text)
    assert len(masked) == len(text)
    assert shown(masked) == read


def test_latex_is_told_from_other_texts_with_backslashes():
    assert is_latex(r"\begin{itemize}")
    assert not is_latex(r"C:\Users\ana and \n in a pattern")
