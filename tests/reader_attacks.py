"""Documents that make readers take long: one thing again and again, nested or not, for every kind of document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from core.knowledge.extract import SUFFIXES, Kind
from tests.stoppers import pdf_of, stream

Make = Callable[[int], bytes]
"""Returns a document of about so many bytes."""

_LINES = (
    *("# a\n", "a\n===\n", "> a\n", "- a\n", "1. a\n", "| a | b |\n", "|---|---|\n", "```\n", "~~~\n````\n", "---\n"),
    *("k: v\n", "a\n\n", "\n", " \n", "\r\n", "[12:01] Ana: hi\n", "Ana: hi\n", "**Art. 1.** a\n", "A b.\n", "<a>\n"),
    *(
        "def f():\n",
        "class A:\n",
        "#\n",
        "//\n",
        "{\n",
        "}\n",
        "/**\n",
        '"""\n',
        "$$\n",
        "a-\n",
        "::: a\n",
        "<details>\n",
    ),
)
_INLINE = (
    *(
        "a",
        " ",
        ".",
        "a. ",
        "A. ",
        "1. ",
        "e.g. ",
        "a.b",
        "?! ",
        "a, ",
        "«",
        "“a” ",
        "…",
        "\u0300\u0316",
        "\u0e31",
        "ı",
    ),
    *(
        "[",
        "]",
        "[a](b) ",
        "![",
        "[a][b] ",
        "<",
        "<a",
        "&amp;",
        "&",
        "`",
        "``a` ",
        "*",
        "**a",
        "_a ",
        "~~",
        "\\",
        "\\(",
    ),
    *(
        "$x$ ",
        "\\frac{",
        "{",
        "|",
        "> ",
        "- ",
        "\t",
        "://",
        "http://a.b ",
        "a@b.c ",
        "\u202e",
        "\0",
        "é",
        "漢",
        "12:01 ",
    ),
)
_TAGS = (
    *("<p>a", "<a>", "<a href=x>y</a>", "<div>", "<b><i>", "<span>a", "<ul><li>a", "<li>a", "<dl><dt>a<dd>b", "<pre>a"),
    *(
        "<table><tr><td>a",
        "<tr><td>a",
        "<td>a",
        "<h1>a",
        "<h2>a</h2><p>b</p>",
        "<br>",
        "a<br>",
        "<p>a<br>b</p>",
        "<hr>",
    ),
    *("<details><summary>a", "<summary>a</summary>", "<blockquote>", "<code>a", "<em>*a*</em>", "<!--", "<!-- a -->"),
    *(
        "<![CDATA[",
        "<?a",
        "</p>",
        "</div>",
        "<script>",
        "<script>a</script>",
        "<noscript>",
        "<style>",
        "<form>",
        "<img>",
    ),
    *("<title>a", "<meta charset=a>", "<main>", "<article>", "<section><p>a", "&#65;", "&lt;", "<input type=password>"),
    *(
        '<p class="a">b</p>',
        "<p id=a data-b=c>d",
        "<time>2026-01-01",
        "2026-01-01 ",
        "<del>a",
        "<sub>1",
        "<q>a",
        "<ol>",
    ),
)


def _repeated(before: str, unit: str, after: str = "") -> Make:
    return lambda n_bytes: (before + unit * (n_bytes // len(unit.encode())) + after).encode()


def _texts() -> Iterator[tuple[str, Make]]:
    for unit in (*_LINES, *_INLINE):
        yield repr(unit), _repeated("The gate opens at nine.\n\n", unit, "x")
    for unit in _INLINE:
        yield f"{unit!r} on lines", _repeated("The gate opens at nine.\n\n", unit * 9 + "\n")
    for bad in (b"\xff", b"\xc3", b"a\x81", b"\xe9 ", b"\xcf\xf0", b"\x1b[0m"):
        yield repr(bad), lambda n_bytes, bad=bad: b"The gate opens at nine. " + bad * (n_bytes // len(bad))
    yield "front matter", _repeated("---\n", "k: v\n", "---\nThe gate opens at nine.")
    yield "a table", _repeated("| a | b |\n|---|---|\n", "| 1 | 2 |\n")
    yield "one row", _repeated("| a |\n|---|\n|", " b |")


def _pages() -> Iterator[tuple[str, Make]]:
    for unit in (*_TAGS, *(unit for unit in _INLINE if "<" not in unit)):
        yield unit, _repeated("<html><body><p>The gate opens at nine.</p>", unit)
    for unit in _TAGS:
        yield f"{unit} in main", _repeated("<html><body><main><h1>Gates</h1><p>At nine.</p>", unit, "</main></body>")
    yield "attributes", _repeated("<html><body><p ", "a=b ", ">The gate opens at nine.</p>")
    yield "a class", _repeated('<html><body><p class="', "a ", '">The gate opens at nine.</p>')


def _feeds() -> Iterator[tuple[str, Make]]:
    rss, atom = "<?xml version='1.0'?><rss><channel>", "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'>"
    for unit in (
        "<item><link>http://a.example/1</link></item>",
        "<item>",
        "<link>",
        "<link>http://a.example/",
        "&amp;",
    ):
        yield f"RSS {unit}", _repeated(rss, unit)
    for unit in (
        "<entry><link href='http://a.example/1'/></entry>",
        "<entry>",
        "<link href='",
        "<link href=' '/>",
        "<!--",
    ):
        yield f"Atom {unit}", _repeated(atom, unit)


def _pdfs() -> Iterator[tuple[str, Make]]:
    for draw in (
        b"(a) Tj ",
        b"(a) Tj 0 -9 Td ",
        b"q ",
        b"q Q ",
        b"0 0 m 9 9 l S ",
        b"(a ) ' ",
        b"/T 9 Tf (b) Tj ",
        b"[(a) 9 (b)] TJ ",
    ):
        yield (
            draw.decode(),
            lambda n_bytes, draw=draw: _pdf(
                [b"BT /T 12 Tf 9 700 Td (Nine) Tj " + draw * (n_bytes // len(draw)) + b"ET"]
            ),
        )
    yield "pages", lambda n_bytes: _pdf([b"BT /T 12 Tf 9 700 Td (Nine o'clock) Tj ET"] * (n_bytes // 200))
    yield "bookmarks", lambda n_bytes: _pdf([_lines(n_bytes // 100)], n_bookmarks=n_bytes // 100)
    yield "lines", lambda n_bytes: _pdf([_lines(n_bytes // 40)])


def _lines(n: int) -> bytes:
    return (
        b"BT /T 12 Tf 9 700 Td "
        + b"".join(b"(Gate %d) Tj 0 -%d Td " % (line, 9 + line % 5) for line in range(n))
        + b"ET"
    )


def _pdf(contents: list[bytes], n_bookmarks: int = 0) -> bytes:
    """Return a PDF with a page for each content stream, and bookmarks that all lead to the first."""
    n_pages = len(contents)
    kids = b" ".join(b"%d 0 R" % (4 + n) for n in range(n_pages))
    outline = 4 + 2 * n_pages
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R" + (b" /Outlines %d 0 R" % outline if n_bookmarks else b"") + b" >>",
        b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % n_pages,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources << /Font << /T 3 0 R >> >>"
    )
    objects += [page % (4 + n_pages + n) + b" >>" for n in range(n_pages)]
    objects += [stream(b"", content) for content in contents]
    if n_bookmarks:
        objects.append(b"<< /Type /Outlines /First %d 0 R /Last %d 0 R >>" % (outline + 1, outline + n_bookmarks))
        for n in range(1, n_bookmarks + 1):
            following = b" /Next %d 0 R" % (outline + n + 1) if n < n_bookmarks else b""
            objects.append(b"<< /Title (Gate %d) /Parent %d 0 R /Dest [4 0 R /Fit]%s >>" % (n, outline, following))
    return pdf_of(objects)


ATTACKS: Mapping[Kind, dict[str, Make]] = {
    **{kind: dict(_texts()) for kind in ("markdown", "text", "code")},
    "html": dict(_pages()),
    "pdf": dict(_pdfs()),
}
"""The documents tried against the reader of each kind."""

FEEDS: Mapping[str, Make] = dict(_feeds())
"""The feeds tried against the reader of feeds."""

NAMES: Mapping[Kind, str] = {
    kind: f"a{suffix}"
    for suffix, kind in reversed(SUFFIXES.items())
    if kind not in ("old_office", "picture")  # which are refused, and left to another program
}
