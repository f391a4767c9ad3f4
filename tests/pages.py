"""Pages of our own writing for curation: articles worth learning, and the junk a search brings with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.types import Language


@dataclass(frozen=True, slots=True)
class Article:
    """A page worth learning, and a theme somebody would look for to find it."""

    title: str
    theme: str
    language: Language
    text: str


@dataclass(frozen=True, slots=True)
class Junk:
    """A page not worth learning, and the marks of which one must be its worst."""

    text: str
    marks: tuple[str, ...]


LIBRARY = """The neighbourhood library opens at nine in the morning from Monday to Friday, and at ten on Saturdays.
It stays closed on Sundays and on public holidays, except on the day of the book fair in May.

Anybody who lives in the district may become a member without paying anything. To join, bring a document with your
address to the desk, and you leave with a card that is valid for two years. Children under twelve need the signature
of a parent, and their cards are green instead of blue so that the staff can recommend suitable books to them.

A member may borrow up to six books at a time and keep them for three weeks. A loan can be renewed twice, at the desk
or by telephone, unless somebody else is waiting for the book. Whoever is late pays ten cents a day for each book; the
money goes to the fund with which damaged covers are repaired.

The reading room on the first floor has twenty seats, four of them with a computer. Please do not eat there, and set
your telephone to silent. On Wednesday evenings the room belongs to the poetry circle, which welcomes listeners.
"""

OVEN = """O forno comunitário acende todos os sábados às sete da manhã, e fica quente até ao meio-dia.
Quem quiser assar pão deve inscrever-se na folha da entrada até à quinta-feira anterior, porque cabem apenas doze
formas de cada vez. A lenha é trazida pelos vizinhos: cada família que assa deixa dois molhos secos por mês.

A massa deve chegar já levedada. Para um pão de um quilo, o forno precisa de quarenta minutos; as broas de milho ficam
uma hora inteira, e saem por último. Não se abre a porta nos primeiros vinte minutos, senão o calor foge e a côdea não
cresce. No fim, quem assou por último varre as cinzas e fecha a tampa da chaminé.

Nas festas de junho o forno trabalha três dias seguidos. Nesses dias não há inscrições: a comissão distribui as horas
pelas ruas do bairro, e o que se vende na feira paga a manutenção do telhado durante o resto do ano.
"""

COMPOST = """A compost heap turns kitchen scraps into soil in about half a year, if it is kept moist and airy.
Start with a layer of dry twigs on bare earth, so that water can drain and worms can climb in from below. Then add
green and brown matter in turns: vegetable peel, coffee grounds and grass on the green side, dry leaves, straw and
torn cardboard on the brown one. Two parts of brown for one of green keep the smell away.

Turn the heap with a fork every second week. When it feels dry, water it until it is like a wrung sponge. A healthy
heap is warm to the hand in its middle; one that stays cold lacks green matter, and one that smells lacks air. Meat,
cheese and cooked food attract rats and have no place in it, and neither have the leaves of a walnut tree.

The compost is ready when it is dark and crumbly and nothing in it can be recognised any more. Sieve it before you
spread it on the beds, and throw the coarse rest back onto the new heap, where it brings the helpers of decay along.
"""

ARTICLES: Mapping[str, Article] = {
    "library": Article("The neighbourhood library", "opening hours of the library", "en", LIBRARY),
    "oven": Article("O forno comunitário", "horário do forno comunitário", "pt", OVEN),
    "compost": Article("Composting at home", "how to make compost", "en", COMPOST),
}

_SYLLABLES = ("bo", "ka", "ri", "tu", "lem", "nos")
_ITEMS = [f"{first}{second}{third}" for first in _SYLLABLES for second in _SYLLABLES for third in _SYLLABLES]

JUNK: Mapping[str, Junk] = {
    "menu": Junk("\n".join(f"{item.title()} shop" for item in _ITEMS), ("prose", "sentences", "language", "relevance")),
    "repetition": Junk("Buy the best library books now. " * 80, ("entropy", "novelty", "relevance")),
    "repeated lines": Junk(
        "\n".join(["The library and its opening hours are shown to you on the page that you see."] * 40),
        ("novelty", "entropy"),
    ),
    "stub": Junk("The library has opening hours.", ("length",)),
    "other subject": Junk(COMPOST, ("relevance",)),
    "foreign": Junk(
        "Die Bibliothek hat viele Räume und Regale, worin Leser täglich stöbern können.\n"
        "Wer dort etwas sucht, fragt am besten gleich vorne am Tresen nach Rat.\n"
        * 1
        + "\n".join(
            f"Satz Nummer {n} erzählt ausführlich von Regal {n * 7} und dessen library opening hours Beschriftung."
            for n in range(30)
        ),
        ("language",),
    ),
    "cookie wall": Junk(
        "We value your privacy.\nAccept all\nReject all\nManage preferences\nPartners\nLegitimate interest",
        ("length", "relevance", "prose"),
    ),
}
