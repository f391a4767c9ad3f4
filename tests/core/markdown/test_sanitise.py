import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.telegram.entities import formatted
from core.markdown import escape, plain_text, sanitise
from tests.growth import MAX_GROWTH, growth


@pytest.mark.parametrize(
    "text",
    [
        "**Bold** and `code` and `` a ` b `` [1].",
        "- one\n- two\n  1. three\n\n> quoted\n> more [2]",
        "```python\nx = '[a](http://b)' # __init__\n```",
        "Files: `*.tmp.log`, `__init__.py`.",
    ],
)
def test_code_bold_lists_and_quotes_stay(text: str) -> None:
    assert sanitise(text) == text


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("[APPROVE](https://a.example)", r"[APPROVE\](<https://a.example>)"),
        ("[a][b]\n\n[b]: https://a.example", "[a][b]\n\n[b\\]: <https://a.example>"),
        ("![x](https://a.example/i.png)", r"![x\](<https://a.example/i.png>)"),
        ("# Heading\n-# small\nText\n---", "\\# Heading\n\\-# small\nText\n\\---"),
        ("*.tmp.log and __init__.py", r"\*.tmp.log and \_\_init\_\_.py"),
        ("2 ** 3 ** 4, a**b**c", r"2 \*\* 3 \*\* 4, a\*\*b\*\*c"),
        ("||x|| ~~y~~ <b>z</b> $m$", r"\|\|x\|\| \~\~y\~\~ \<b>z\</b> \$m\$"),
        ("- # not a heading\n- > not a quote", "- \\# not a heading\n- \\> not a quote"),
        ("> # quoted\n> [x](https://a.example)", "> \\# quoted\n> [x\\](<https://a.example>)"),
        ("one ` two", r"one \` two"),
        ("* star\n+ plus\n2) two", "- star\n- plus\n2) two"),
        ("\x1b[31mred\x1b[0m \u202eabc", "[31mred[0m abc"),
    ],
)
def test_what_would_act_is_shown_as_it_was_typed(text: str, markdown: str) -> None:
    assert sanitise(text) == markdown


def test_a_span_of_code_ends_with_its_line_so_that_no_link_hides_in_one() -> None:
    assert sanitise("`a\n# b [x](https://a.example)`") == "\\`a\n\\# b [x\\](<https://a.example>)\\`"


def test_a_block_of_code_starts_its_lines_so_that_a_list_does_not_end_it() -> None:
    assert sanitise("- item\n   ```sh\ncode [x](https://a.example)\n   ```") == (
        "- item\n```sh\ncode [x](https://a.example)\n```"
    )
    assert sanitise("~~~~\n```\nin\n```\n~~~~") == "````\n```\nin\n```\n````"
    assert sanitise("```\n> in\n- it") == "```\n> in\n- it"


def test_it_is_read_as_it_was_typed() -> None:
    text = "A: *.log, __x__ and ||y||; see https://a.example/b_c (or <@&12>)."
    assert plain_text(sanitise(text)) == text


_PIECES = [
    "[x]",
    "(https://a.example/y)",
    "`",
    "``",
    "```",
    "**",
    "*",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "    ",
    "# ",
    "\\",
    "a",
    " ",
]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
def test_a_link_always_shows_where_it_leads(text: str) -> None:
    for markdown in (sanitise(text), escape(text)):
        shown, entities = formatted(markdown)
        for entity in entities:
            if entity.type == "text_link":
                units = shown.encode("utf-16-le")
                assert units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le") == entity.url


@pytest.mark.parametrize(
    "piece",
    ["`", "``a` ", "**", "**a ", "* ", "> ", ">", "[", "](", "https://", "https://(", "https://a(b", "~~~\n", "```\n",
     "\n    ", "1", "-", "=", "\\", "<https://a", "| a "],
)  # fmt: skip
@pytest.mark.parametrize("convert", [sanitise, escape, lambda text: plain_text(escape(text))])
def test_it_takes_linear_time(piece, convert) -> None:
    assert growth(convert, lambda n: piece * (n // len(piece)), 80_000, 0.005) <= MAX_GROWTH
