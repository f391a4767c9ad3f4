"""Notes of invented communities that nothing in AION was tuned on, in English and Portuguese."""

from __future__ import annotations

from pathlib import Path

ALLOTMENT = """# Millbrook Allotment Society

## Water

The taps along the lower path are turned on from 1 April to 31 October. In winter, water comes only from the
rain barrels behind the tool shed. Hoses may be used before 9:00 and after 19:00.

## Plots and rent

A full plot costs 54 pounds a year and a half plot 30 pounds. Rent is due on 15 January and is collected by
Harriet Quill. Anyone whose plot is left untended for three months gets a letter from the committee.

## Bees

There are four hives by the north hedge. The beekeeper is Tobias Wren; call him before mowing near them.
"""

VELA = """# Clube de Vela da Lagoa

## Aulas

As aulas para iniciantes acontecem aos sábados, às 10h30, com a instrutora Marisa Tejo. Cada aula dura duas horas
e custa 35 reais. O colete salva-vidas é emprestado pelo clube.

## Barcos

O clube tem sete barcos da classe Optimist e três da classe Laser. Quem quebrar um mastro paga metade do conserto.
Os barcos ficam guardados no galpão azul, cuja chave está com o zelador, seu Anselmo.

## Regata

A regata anual é no segundo domingo de novembro e a inscrição vai até 20 de outubro.
"""

ANSWERABLE = [
    ("How much does a half plot cost?", ["30 pounds"], "Millbrook Allotment Society"),
    ("Who is the beekeeper?", ["Tobias Wren"], "Millbrook Allotment Society"),
    ("Quanto tempo dura cada aula para iniciantes?", ["duas horas"], "Clube de Vela da Lagoa"),
    ("Até quando vai a inscrição da regata?", ["20 de outubro"], "Clube de Vela da Lagoa"),
]
"""Question, what the answer must hold (one of them), the document it must cite."""

UNANSWERABLE = ["What is the wifi password of the clubhouse?", "Qual é o salário do presidente do clube?"]


def write_notes(folder: Path) -> Path:
    """Write the notes into ``folder`` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "allotment.md").write_text(ALLOTMENT, encoding="utf-8")
    (folder / "vela.md").write_text(VELA, encoding="utf-8")
    return folder
