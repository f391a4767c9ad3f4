"""Statutes and bylaws are cut at their articles, under their chapters."""

from __future__ import annotations

import pytest

from core.retrieval.chunk import MAX_CHARS, chunk

BYLAWS = """ESTATUTO DA ASSOCIAÇÃO

CAPÍTULO I
DOS ASSOCIADOS

Art. 1º A associação tem sede na rua do Farol.
§ 1º Pode abrir núcleos.
Parágrafo único. O núcleo elege um coordenador.

Art. 2º São direitos do associado:
I - votar;
II - usar a oficina, nos termos do art. 9º, inc. IV, deste estatuto;
a) com a chave; b) sem a chave.

CAPÍTULO II – DA ASSEMBLEIA

Art. 3º-A. A assembleia reúne-se em março.
Art. 12. Compete à assembleia eleger a diretoria.
"""


def test_each_article_is_a_passage_under_its_chapter() -> None:
    pieces = chunk(BYLAWS)
    assert [piece.heading for piece in pieces] == [
        "",
        "CAPÍTULO I DOS ASSOCIADOS > Art. 1º",
        "CAPÍTULO I DOS ASSOCIADOS > Art. 2º",
        "CAPÍTULO II DA ASSEMBLEIA > Art. 3º-A",
        "CAPÍTULO II DA ASSEMBLEIA > Art. 12",
    ]
    assert pieces[1].text.startswith("CAPÍTULO I\nDOS ASSOCIADOS\n\nArt. 1º A associação")
    assert pieces[1].text.endswith("elege um coordenador.")
    assert pieces[2].text.endswith("a) com a chave; b) sem a chave.")


@pytest.mark.parametrize(
    "line",
    [
        "Art. {n}º Texto.",
        "Artigo {n}.º - Texto.",
        "**Art. {n}.** Texto.",
        "Cláusula {n}ª. Texto.",
        "Article {n}. Text.",
    ],
)
def test_ways_of_numbering(line: str) -> None:
    text = "\n".join(line.format(n=n) for n in range(1, 6))
    assert len({piece.heading for piece in chunk(text)}) == 5


def test_articles_under_headings_of_markdown() -> None:
    text = "# Estatuto\n\n## Dos sócios\n\nArt. 1º Um.\n\nArt. 2º Dois.\n\n## Das multas\n\nArt. 3º Três."
    assert [piece.heading for piece in chunk(text)][1:] == [
        "Estatuto > Dos sócios > Art. 2º",
        "Estatuto > Das multas > Art. 3º",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Art. 5º Texto só.\n\nArt. 6º Mais um.",
        "O prazo é o do\nArt. 37 da lei, e também o do\nArt. 900. Assim se fez, e o do\nArt. 44 igualmente.",
        "Article one says this.\nArticle two says that.\nArticles 1 to 3 are here.",
    ],
)
def test_a_mention_of_an_article_cuts_nothing(text: str) -> None:
    assert {piece.heading for piece in chunk(text)} == {""}


def test_a_long_article_stays_under_its_own_name() -> None:
    items = "\n".join(f"{n} - o item de número {n} diz alguma coisa sobre a oficina e a sua chave;" for n in range(60))
    pieces = chunk(f"Art. 1º Um.\nArt. 2º São deveres:\n{items}\nArt. 3º Três.")
    assert [piece.heading for piece in pieces].count("Art. 2º") > 2
    assert max(len(piece.text) for piece in pieces) <= MAX_CHARS


def test_an_item_in_roman_numerals_ends_no_sentence() -> None:
    text = "Aplica-se o art. 9º, inc. IV, e o inc. V do estatuto da casa, que todos os sócios conhecem bem. " * 20
    assert all(piece.text.endswith("conhecem bem.") for piece in chunk(text))
