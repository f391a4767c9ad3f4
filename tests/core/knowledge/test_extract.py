"""Files and pages to text: what they say, what they are called, and one sentence for each that says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF
from fpdf.enums import AccessPermission

from core.control_characters import without_controls
from core.errors import BadInput
from core.knowledge.extract import ExtractedText, extract, kind_of, stem
from core.knowledge.pdf import join_lines, strip_page_edges
from core.retrieval.chunk import chunk
from core.texts import explain
from core.types import LANGUAGES

GUIDE = """<!doctype html><html><head><title>Garden guide | Our site</title></head><body>
<nav><a href="/">Home</a> <a href="/about">About us</a></nav>
<main><h1>Garden guide</h1><p>How we look after the garden behind the library, all year round.</p>
<h2>Watering</h2><p>Water the <b>beds</b> at six in the morning, every second day, from May to September.</p>
<ul><li>Use the green hose.</li><li>Close the tap.</li></ul>
<h2>Tools</h2><table><tr><th>Tool</th><th>Place</th></tr><tr><td>Spade</td><td>Shed 2</td></tr></table></main>
<footer>All rights reserved</footer></body></html>"""


def refusal(data: bytes, name: str, content_type: str = "") -> str:
    """Return the key of the sentence a document is refused with, once it is known to name it in every language."""
    with pytest.raises(BadInput) as error:
        extract(data, name, content_type)
    assert all(name in explain(language, error.value) for language in LANGUAGES)
    return error.value.key.removeprefix("knowledge.")


# --- Markdown and text ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# House rules #\n\nBe kind.", "House rules"),
        ("Intro.\n\n## Second level\n\nText.", "Second level"),
        ("---\ntitle: 'From the front'\ntags: [a]\n---\n# Heading\n\nText.", "From the front"),
        ("```\n# not a heading\n```\n\n# A heading", "A heading"),
        ("No heading at all.", "rules"),
        ("#hashtag is no heading", "rules"),
    ],
)
def test_the_title_of_a_markdown_file(text: str, title: str) -> None:
    assert extract(text.encode(), "notes/rules.md").title == title


def test_lines_of_a_paragraph_stay_one_paragraph() -> None:
    page = (
        b"<html><body><main><h1>Desk</h1><p>Open:<br>Monday 9:00<br/>Friday 10:00</p><p>Else.</p></main></body></html>"
    )
    assert extract(page, "a.html").text == "# Desk\n\nOpen:\nMonday 9:00\nFriday 10:00\n\nElse."


def test_a_line_break_in_a_cell_or_a_heading_breaks_neither() -> None:
    page = (
        b"<html><body><main><h1>Key<br>desk</h1><table><tr><th>a<br>b</th><th>c</th></tr></table></main></body></html>"
    )
    assert extract(page, "a.html").text == "# Key desk\n\n| a b | c |\n|---|---|"


def test_a_summary_is_no_heading_of_what_follows_it() -> None:
    page = (
        b"<html><body><main><h1>Pass</h1><details><summary>How do I get one?</summary><p>Ask Odalys.</p></details>"
        b"<p>The yard closes at 20:10.</p></main></body></html>"
    )
    assert extract(page, "a.html").text == "# Pass\n\nHow do I get one?\n\nAsk Odalys.\n\nThe yard closes at 20:10."


def test_front_matter_is_not_part_of_the_text() -> None:
    assert extract(b"---\ntitle: A\n---\n\nBody.", "a.md").text == "Body."
    assert extract(b"---\n\nA line above.", "a.md").text == "---\n\nA line above."


def test_a_text_file_is_kept_as_it_is_and_called_by_its_name() -> None:
    found = extract("Reunião às 19h na biblioteca.\r\nTraga um prato.\r\n".encode("cp1252"), "atas/reuniao.txt")
    assert found == ExtractedText("reuniao", "Reunião às 19h na biblioteca.\nTraga um prato.", "text", "pt")


@pytest.mark.parametrize("name", ["a.psd", "a", "a.md.exe", ".md/secret", "archive.tar.gz", "page.php"])
def test_other_kinds_are_refused(name: str) -> None:
    assert refusal(b"text", name) == "unsupported"


@pytest.mark.parametrize(
    ("data", "key"), [(b"", "empty"), (b" \n\t\n", "empty"), (b"*** --- ***", "empty"), (bytes(99), "not_text")]
)
@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.html"])
def test_files_without_text(data: bytes, key: str, name: str) -> None:
    assert refusal(data, name) == key


def test_a_pdf_renamed_to_txt_is_refused() -> None:
    assert refusal(handbook(), "notes.txt") == "not_text"


def test_the_content_type_counts_more_than_the_name() -> None:
    assert kind_of("https://example.org/guide.pdf", "text/html; charset=utf-8") == "html"
    assert extract(GUIDE.encode(), "https://example.org/guide", "text/html").kind == "html"
    assert refusal(b"text", "https://example.org/a.md", "image/png") == "unsupported"
    assert kind_of("https://example.org/raw/guide.rst?raw=1", "text/plain; charset=utf-8") == "restructuredtext"
    assert kind_of("https://example.org/tool.py", "text/plain") == "text"
    assert kind_of("https://example.org/download/7", "application/epub+zip") == "epub"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("notes/rules.md", "rules"),
        ("https://example.org/faq/", "faq"),
        ("https://example.org/a?b=c.d", "a"),
        ("x.txt", "x"),
    ],
)
def test_a_name_without_its_suffix(name: str, expected: str) -> None:
    assert stem(name) == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line",
    ["a" + " " * 10**6 + "b", "# " + "# " * 500_000 + "b", "*" * 10**6, "<" * 10**5, "`" * 10**5, "-\n" * 10**5 + "b"],
)
@pytest.mark.parametrize("name", ["a.md", "a.html"])
def test_a_hostile_line_takes_no_time_to_speak_of(line: str, name: str) -> None:
    text = extract(f"Words.\n\n{line}".encode(), name).text
    assert text.startswith("Words.")
    assert sum(len(piece.text) + len(piece.heading) for piece in chunk(text)) < 3 * len(text) + 1000


# --- HTML ----------------------------------------------------------------------------------------


def test_a_page_keeps_its_headings_lists_and_tables_and_loses_its_frame() -> None:
    found = extract(GUIDE.encode(), "guide.html")
    assert found.title == "Garden guide"
    assert "## Watering\n\nWater the beds at six in the morning" in found.text
    assert "- Use the green hose." in found.text
    assert "| Spade | Shed 2 |" in found.text
    for frame in ("Home", "rights reserved"):
        assert frame not in found.text
    assert {piece.heading for piece in chunk(found.text)} == {
        "Garden guide",
        "Garden guide > Watering",
        "Garden guide > Tools",
    }


@pytest.mark.parametrize(
    ("head", "charset", "content_type"),
    [
        ('<meta charset="iso-8859-1">', "iso-8859-1", ""),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">', "cp1252", ""),
        ("", "iso-8859-1", "text/html; charset=iso-8859-1"),
        ('<meta charset="iso-8859-1">', "utf-8", "text/html; charset=utf-8"),
        ("", "utf-16", ""),
    ],
)
def test_a_page_in_another_character_set(head: str, charset: str, content_type: str) -> None:
    page = f"<html><head>{head}</head><body><p>A assembleia é amanhã às nove, no salão.</p></body></html>"
    assert "assembleia é amanhã às nove, no salão" in extract(page.encode(charset), "a.html", content_type).text


@pytest.mark.parametrize(
    "page",
    [
        "<p>The spare key is with Dona Rosa.</p>",
        "<h1>Keys</h1><p>The spare key is with Dona Rosa.</p>",
        "The spare key is with Dona Rosa.",
    ],
)
def test_a_small_page_or_a_piece_of_one(page: str) -> None:
    assert "The spare key is with Dona Rosa." in extract(page.encode(), "keys.html").text


def test_marks_of_emphasis_go_and_code_stays() -> None:
    page = (
        "<html><body><h1>Power</h1><p>In <em>Python</em>, the <b>snake_case</b> of 2*3 is <code>a**b**c</code> [1].</p>"
        "<pre><code>x = *a\n  y = **b</code></pre></body></html>"
    )
    text = extract(page.encode(), "a.html").text
    assert text == "# Power\n\nIn Python, the snake_case of 2*3 is `a**b**c` [1].\n\n```\nx = *a\n  y = **b\n```"


@pytest.mark.parametrize("frame", ["{}", "<main>{}</main>", "<div class=x>{}</div>", "<nav><a href=a>Home</a></nav>{}"])
def test_every_section_of_a_plain_page_is_kept(frame: str) -> None:
    days = ("Monday", "Tuesday", "Friday")
    sections = "".join(
        f"<h2>{day}</h2><p>The kitchen is open, as on every other day, from ten to six.</p>" for day in days
    )
    page = f"<html><body>{frame.format(f'<h1>Kitchen</h1>{sections}')}</body></html>"
    assert [piece.heading for piece in chunk(extract(page.encode(), "a.html").text)] == [
        f"Kitchen > {day}" for day in days
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Welcome back</h1><form><input name=user><input type=password><button>Go</button></form>",
        "<h1>Sign in</h1><form><input name=email><button>Next</button></form><p>Forgot your password?</p>",
        "<h1>Entrar</h1><form><input name=email><input type=PASSWORD></form><p>Você precisa de uma conta.</p>",
    ],
)
def test_a_login_wall_is_refused(body: str) -> None:
    assert refusal(f"<html><body>{body}</body></html>".encode(), "https://example.org/a", "text/html") == "login_wall"


def test_an_article_with_a_login_box_is_read() -> None:
    article = "".join(
        f"<p>Paragraph {n} says where the tools of the garden are kept in month {n}.</p>" for n in range(12)
    )
    page = f"<html><body><form><input type=password></form><article><h1>Tools</h1>{article}</article></body></html>"
    assert "Paragraph 7" in extract(page.encode(), "a.html").text


def test_a_page_that_is_a_program_is_refused() -> None:
    page = (
        "<html><head><title>App</title></head><body><div id=root></div>"
        "<noscript>Please enable JavaScript to run this application.</noscript><script>start()</script></body></html>"
    )
    assert refusal(page.encode(), "app.html") == "needs_javascript"


@pytest.mark.parametrize(
    "page", ["<html><body></body></html>", "<html></html>", "<html><body><img src=a></body></html>"]
)
def test_an_empty_page_is_refused(page: str) -> None:
    assert refusal(page.encode(), "a.html") == "empty"


@pytest.mark.parametrize(
    ("head", "headings", "title"),
    [
        ("<title>Site | Page</title>", "<h1>Page</h1>", "Page"),
        ("<title>Window</title>", "<h1>One</h1><h1>Two</h1>", "Window"),
        ('<meta property="og:title" content="Shared as"><title>Window</title>', "<h1>One</h1>", "Shared as"),
        ("<title> </title>", "", "guide"),
    ],
)
def test_the_title_of_a_page(head: str, headings: str, title: str) -> None:
    page = f"<html><head>{head}</head><body>{headings}<p>The shed is locked at night.</p></body></html>"
    assert extract(page.encode(), "docs/guide.html").title == title


def test_a_page_of_many_megabytes_is_refused() -> None:
    assert refusal(b"<html><body>" + b"<p>word</p>" * 500_000, "a.html") == "too_large"


# --- PDF -----------------------------------------------------------------------------------------

SENTENCE = (
    "The library opens on Tuesdays and Thursdays from two to six in the afternoon, and the volunteer of the day "
    "keeps the key of the room. "
)


class Handbook(FPDF):
    """Pages with a running head and a page number, as word processors make them."""

    def header(self) -> None:
        self.set_font("helvetica", size=8)
        self.cell(0, 5, "Handbook of the house", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-15)
        self.cell(0, 5, f"Page {self.page_no()} of 4", align="C")


def handbook(title: str = "", **encryption: object) -> bytes:
    document = Handbook()
    if title:
        document.set_title(title)
    if encryption:
        document.set_encryption(**encryption)  # type: ignore[arg-type]
    for chapter in range(4):
        document.add_page()
        document.set_font("helvetica", size=11)
        document.multi_cell(0, 6, f"Chapter {chapter}\n{SENTENCE * 2}\n- Bring a plate.\n- Bring {chapter} cups.")
    return bytes(document.output())


def test_a_pdf_is_put_back_into_paragraphs_without_its_page_furniture() -> None:
    found = extract(handbook("Community handbook"), "h.pdf")
    assert (found.title, found.kind, found.language) == ("Community handbook", "pdf", "en")
    pages = [f"Chapter {n}\n{(SENTENCE * 2).strip()}\n- Bring a plate.\n- Bring {n} cups." for n in range(4)]
    assert found.text == "Handbook of the house\n" + "\n\n".join(pages)


@pytest.mark.parametrize("title", ["", "Microsoft Word - draft7.docx", "untitled", "scan.pdf"])
def test_a_pdf_with_no_telling_title_is_called_by_its_name(title: str) -> None:
    assert extract(handbook(title), "docs/Rules of 2026.pdf").title == "Rules of 2026"


ACTING = "Gar\u202eden\x1b]0;x\x07 \u2066gui\x9bde"
SAID = f"The {ACTING} is open. " + SENTENCE * 12
PAGE = f"<html><head><title>{ACTING}</title></head><body><main><h1>{ACTING}</h1><p>{SAID}</p></main></body></html>"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (f"# {ACTING}\n\n{SAID}".encode(), "a.md"),
        (f"---\ntitle: {ACTING}\nowner: {ACTING}\n---\n{SAID * 2}".encode(), "a.md"),
        (SAID.encode(), f"{ACTING}.txt"),
        (PAGE.encode(), "a.html"),
        (handbook(ACTING.replace("\x1b", "")), "a.pdf"),
    ],
    ids=["markdown", "fields", "file name", "html", "pdf"],
)
def test_controls_are_left_neither_in_titles_nor_in_texts(data: bytes, name: str) -> None:
    found = extract(data, name)
    assert found.title.replace("]0;x", "") == "Garden guide"
    assert without_controls(found.text + found.title) == found.text + found.title


@pytest.mark.parametrize("odd", ["&#0;", "&#27;", "\x7f", "&#xFFFF;", "\ufffe", "\x9b", "&#x85;"])
def test_characters_that_xml_refuses_do_not_end_the_reading_of_a_page(odd: str) -> None:
    page = f"<html><body><p>The garden{odd} <b>gate{odd}</b>{odd} opens at nine. {'Bring your own cup. ' * 40}</p>"
    assert " ".join(extract(page.encode(), "a.html").text.split()).startswith("The garden")


def test_a_pdf_that_needs_a_password_is_refused() -> None:
    assert refusal(handbook(owner_password="a", user_password="b"), "h.pdf") == "encrypted"


def test_a_pdf_that_may_be_opened_without_its_password_is_read() -> None:
    data = handbook(owner_password="a", permissions=AccessPermission.none())
    assert "volunteer of the day" in extract(data, "h.pdf").text


def test_a_damaged_pdf_is_refused() -> None:
    for data in (b"", b"no pdf at all", handbook()[:200], b"%PDF-1.7\n" + bytes(500)):
        assert refusal(data, "h.pdf") == "damaged"


def test_a_pdf_of_pictures_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # without text recognition
    document = FPDF()
    document.add_page()
    document.rect(10, 10, 80, 50)
    assert refusal(bytes(document.output()), "scan.pdf") == "pdf_scanned"


def test_lines_become_paragraphs() -> None:
    lines = [
        "A heading",
        "This line is long and runs on over its end because it has been",
        "wrapped, with a word that was bro-",
        "ken in two.",
        "1. The first item, which is long enough to fill the whole line of",
        "it and goes on.",
        "2. The second item.",
    ]
    assert join_lines(lines) == (
        "A heading\nThis line is long and runs on over its end because it has been wrapped, with a word that was "
        "broken in two.\n1. The first item, which is long enough to fill the whole line of it and goes on.\n"
        "2. The second item."
    )


def test_numbers_inside_a_page_stay() -> None:
    assert strip_page_edges([["Room", "12", "Floor", "3"], ["7", "Keys", "12"]]) == [["Room", "12", "Floor"], ["Keys"]]
