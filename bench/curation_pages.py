"""A hundred pages of our own making: articles in several layouts, and every kind of page that is not worth learning.

Articles are made of sentences with slots, so that no two say the same; ``TEXT`` of each is known, as gold.
"""

from __future__ import annotations

import gzip
import html
import random
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Body = Literal["page", "not_found", "slow", "chain", "endless"]

_SENTENCES = (
    "The workshop in {place} opens its doors at {hour} and welcomes everybody who wants to repair a {thing}.",
    "{name} founded it in {year}, after the {place} council had left the old {building} empty for {n} winters.",
    "A visitor first writes the fault of the {thing} on a yellow card and waits until {name} calls the number.",
    "Tools are lent for {n} days against a deposit, which {name} pays back when the {thing} comes home clean.",
    "On the ground floor of the {building} stand {n} benches, and above them hang lamps that {name} made of jars.",
    "Whoever brings a {thing} from {place} should also bring its cable, since spare ones are kept only for {n} models.",
    "The repair of a {thing} takes about {n} hours, most of which are spent on finding the right screw.",
    "Children from {place} learn on {day} mornings how a {thing} works, together with {name} and a patient volunteer.",
    "In {year} the volunteers counted {n} repaired things, and the {thing} was the one that came most often.",
    "If a {thing} cannot be saved, {name} takes it apart and sorts its parts into the boxes behind the {building}.",
    "Money comes from a tin by the door of the {building}; it held {n} coins when {name} last emptied it in {place}.",
    "The hardest case so far was a {thing} from {year}, which {name} carried through the rain from {place}.",
    "Every {day} evening the group cooks soup for {n} people and reads the new cards aloud before anybody goes home.",
    "New helpers begin at the counter, where {name} shows them how to greet, to listen and to describe a {thing}.",
    "The {building} is warm because {name} insulated its roof with {n} old coats collected in {place} during {year}.",
    "Batteries are never opened here: {name} saw a {thing} burn in {place}, and the rule has stood since {year}.",
    "A map on the wall of the {building} shows {n} other workshops, of which the one in {place} is the nearest.",
    "For a {thing} that is still under guarantee, {name} writes a letter to its maker and keeps a copy for {n} years.",
    "Glue needs a whole night, so a {thing} that was mended on {day} is handed back at {hour} on the day after.",
    "Those who cannot climb the stairs of the {building} ring twice, and {name} carries the {thing} down to them.",
    "Spare parts are printed in {place}, where a friend of {name} owns a machine that needs {n} hours for a hinge.",
    "The oldest tool is a saw from {year}; it hangs beside the door of the {building} and only {name} may use it.",
)
_LISTS = """
place Alder Elmsford Harbury Linden Marsh Northgate Oakham Pinewood Quayside Rowan Southmill Thornby
name Ada Bruno Celia Dario Edith Felix Greta Hugo Irene Jonas Klara Leon Mirta Nadia Otto Paula
thing toaster radio kettle lamp bicycle mixer clock vacuum drill stroller keyboard fan heater scale
building bakery mill school stable chapel depot laundry brewery station barn
day Monday Tuesday Wednesday Thursday Friday Saturday
hour nine ten eleven noon two three four five
"""
_SLOTS = {slot: words for slot, *words in map(str.split, _LISTS.strip().splitlines())}
THEME = "community repair workshop"


@dataclass(frozen=True, slots=True)
class ServedPage:
    """A page of the site; ``is_good``: it should be kept."""

    path: str
    kind: str
    is_good: bool
    data: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    encoding: str = ""
    body: Body = "page"


def article(seed: int, n_sentences: int = 15) -> tuple[str, str]:
    """Return an article's title and its paragraphs, parted by empty lines."""
    chance = random.Random(seed)
    chosen = chance.sample(_SENTENCES, n_sentences)
    filled = [sentence.format(**_words(chance)) for sentence in chosen]
    paragraphs = [" ".join(filled[first : first + 3]) for first in range(0, n_sentences, 3)]
    title = f"The community repair workshop of {chance.choice(_SLOTS['place'])}, part {seed}"
    return title, "\n\n".join(paragraphs)


def _words(chance: random.Random) -> dict[str, str]:
    numbers = {"n": str(chance.randint(3, 900)), "year": str(chance.randint(1950, 2025))}
    return {slot: chance.choice(words) for slot, words in _SLOTS.items()} | numbers


def as_html(title: str, text: str, layout: int) -> str:
    """Return an article in one of four layouts, with what sites put around it."""
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
    name = html.escape(title)
    links = "".join(f'<li><a href="/{n}">Section {n}</a></li>' for n in range(12))
    teasers = "".join(f'<div class="teaser"><a href="/t{n}">Read more {n}</a></div>' for n in range(6))
    comments = '<div id="comments"><h3>Comments</h3><p>Nice!</p><p>Me too.</p></div>'
    bodies = (
        f"<nav><ul>{links}</ul></nav><main><article><h1>{name}</h1>{paragraphs}</article></main><footer>Imprint</footer>",
        f'<div id="menu"><ul>{links}</ul></div><div class="sidebar">{teasers}</div>'
        f'<div class="post-content"><h1>{name}</h1>{paragraphs}</div>{comments}<div class="footer">All rights</div>',
        f'<header><ul>{links}</ul></header><section><h1>{name}</h1><div class="entry">{paragraphs}</div></section>'
        f"<aside>{teasers}</aside><footer><ul>{links}</ul></footer>",
        '<div class="cookie-banner">We use cookies. <button>Accept</button></div>'
        f'<article class="story"><h1>{name}</h1>{paragraphs}'
        f'<div class="share"><a href="/s">Share</a></div></article><div class="related">{teasers}</div>',
    )
    return f"<html lang=en><head><title>{name}</title></head><body>{bodies[layout % 4]}</body></html>"


def as_pdf(title: str, text: str) -> bytes:
    """Return an article as a PDF, by hand: one page, one font, lines of ninety characters."""
    lines = [title, "", *(line for part in text.split("\n\n") for line in [*textwrap.wrap(part, 90), ""])]
    shown = "".join(f"({line.replace('(', '').replace(')', '')}) Tj T*\n" for line in lines)
    stream = f"BT /F1 9 Tf 11 TL 40 800 Td\n{shown}ET".encode("latin-1")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    data, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return data + head + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))


def hundred_pages() -> Sequence[ServedPage]:
    """Return the hundred: 50 good ones and 50 that are to be left out, in a fixed order that mixes them."""
    pages = [*_good(), *_junk()]
    if len(pages) != 100:
        raise AssertionError(f"{len(pages)} pages")
    random.Random(7).shuffle(pages)
    return pages


def _page(seed: int) -> bytes:
    return as_html(*article(seed), seed).encode()


def _good() -> list[ServedPage]:
    pages = [ServedPage(f"/good/{n}", "good", True, _page(n)) for n in range(36)]
    pages += [ServedPage(f"/pdf/{n}.pdf", "PDF", True, as_pdf(*article(100 + n)), "application/pdf") for n in range(4)]
    pages += [ServedPage(f"/chain/{n}/3", "redirect chain of 3", True, _page(200 + n), body="chain") for n in range(5)]
    for n in range(5):
        title, text = article(300 + n)
        latin = as_html(title, text.replace("The", "Thé"), n).encode("latin-1")
        pages.append(ServedPage(f"/charset/{n}", "wrong charset", True, latin, "text/html; charset=utf-8"))
    return pages


def _junk() -> list[ServedPage]:
    menu = "".join(f"<li><a href=/{n}>Offer {n} of the workshop</a></li>" for n in range(150))
    wall = "<h1>Sign in</h1><p>Subscribers only. Log in to read on.</p><form><input name=u><input type=password></form>"
    bomb = gzip.compress(b"<html><body>" + b"a" * 20_000_000)
    pages: list[ServedPage] = []
    for n in range(7):
        kept = f"<html><body><h1>Workshops {n}</h1><ul>{menu}</ul></body></html>".encode()
        spam = (
            f"<html><body><article><p>{'Buy the best repair workshop tools now! ' * 90}{n}</p></article></body></html>"
        )
        pages += [
            ServedPage(f"/menu/{n}", "boilerplate", False, kept),
            ServedPage(f"/spam/{n}", "spam", False, spam.encode()),
        ]
    for n in range(6):
        script = f"<html><body><div id=app></div><script>render({n})</script></body></html>".encode()
        teaser = f"<html><body>{wall.replace('Sign', f'{n} Sign')}</body></html>".encode()
        pages += [ServedPage(f"/js/{n}", "JS only", False, script), ServedPage(f"/wall/{n}", "paywall", False, teaser)]
        pages.append(ServedPage(f"/gone/{n}", "404", False, body="not_found"))
        near = article(n)[1].replace("workshop", "work shop", 1)
        copy = as_html(f"A copy of {n}", near, n + 1).encode()
        pages.append(ServedPage(f"/copy/{n}", "duplicate", False, copy))
    pages += [ServedPage(f"/slow/{n}", "slow", False, body="slow") for n in range(4)]
    pages += [ServedPage(f"/bomb/{n}", "gzip bomb", False, bomb, encoding="gzip") for n in range(4)]
    pages += [ServedPage(f"/around/{n}", "endless redirects", False, body="endless") for n in range(4)]
    return pages
