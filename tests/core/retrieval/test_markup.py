"""Markup masked in place, in every dialect that documents come in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.latex import REMOVED
from core.retrieval.markup import plain, shown, unmarked


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Ask [the desk](/desk) or [the form](https://form.example/a).", "Ask the desk or the form (https://form.example/a)."),
        ("- Ask [the\n  desk of the house]() now", "- Ask the\ndesk of the house now"),
        ("See [https://a.example/b](https://a.example/b).", "See https://a.example/b."),
        ("See [the rules][rules] and [^1] this.", "See the rules and this."),
        ("Write to <ana@park.example>, see <https://park.example>.", "Write to ana@park.example, see https://park.example."),
        ("**Não** é _permitido_, ***nunca***: __jamais__ ~~sempre~~.", "Não é permitido, nunca: jamais sempre."),
        ("**O**bjetivo de **5 * 3** e snake_case_name", "Objetivo de 5 * 3 e snake_case_name"),
        ("Keep `**this** _as_ [it](is)` please.", "Keep `**this** _as_ [it](is)` please."),
        ("![plan](plan.png) [![badge](b.svg)](https://ci.example) Done.", "Done."),
        ("## Returns {#returns}", "## Returns"),
        ('[Site](https://a.example){:target="_blank"} x', "Site (https://a.example) x"),
        ("A <dfn>quiet hour</dfn> is <b>60</b> min for R&amp;D&nbsp;people", "A quiet hour is 60 min for R&D people"),
        ("Type /join <name> when 2 < 3", "Type /join <name> when 2 < 3"),
        ("<Grid><Card title='a'/>Texto</Grid>", "Texto"),
        ("<p>Um</p><ul><li>Dois</li><li>Três</li></ul>", "Um\n- Dois\n- Três"),
        ("<tr>\n<td>Seg</td>\n<td>9h</td>\n</tr>", "| Seg | 9h"),
        ("<h3 id='a'>Pool</h3>Open.", "# Pool\nOpen."),
        ("Run <code>make all</code> now", "Run `make all` now"),
        ("before <!-- a note\nto editors --> after", "before\nafter"),
        ("{% include x %}{{< tip >}}Só sócios.{{< /tip >}}", "Só sócios."),
        (":::caution\nMind the saw.\n:::", "Mind the saw."),
        ('!!! warning "Atenção"\n    Use óculos.', "Use óculos."),
        ("> [!NOTE]\n> Bring a *torch*.", "Bring a torch."),
        ("[rules]: https://a.example 'Rules'\nText", "Text"),
        (".. image:: /map.png\n   :alt: a map\n\nTurn left.", "Turn left."),
        ("See `a wiki <https://a.example>`_ and :ref:`b`, ``x y``.", "See a wiki (https://a.example) and `b`, `x y`."),
        ("'''Bold''' [[Page|the page]] [[Other]] [https://a.example the site]", "Bold the page Other the site"),
        ("---\ntitle: Mais\n---\nTexto", "Texto"),
    ],
)  # fmt: skip
def test_what_is_read_has_the_words_and_no_markup(text, read):
    masked = unmarked(text)
    assert len(masked) == len(text)
    assert shown(masked) == read


@pytest.mark.parametrize(
    "text",
    [
        "Files matching *.tmp.log are deleted by __init__.py every night.",
        "Override __call__() or __repr__, and run *.md through it (*.rst too).",
        "Put ||spoiler|| tags round snake_case_names and a * b.",
    ],
)
def test_names_and_patterns_of_files_are_no_emphasis(text):
    assert shown(unmarked(text)) == text


def test_code_is_left_as_it_is():
    code = "```sh\nls **/*.py  # [x](y) <b>\n```"
    assert unmarked(f"Do *this*:\n{code}\nDone.").split("\n", 1)[1] == f"{code}\nDone."


def test_an_unclosed_block_of_code_goes_to_the_end():
    assert unmarked("```\n*a*\n\n*b*") == "```\n*a*\n\n*b*"


def test_the_end_of_a_block_of_code_that_began_before_is_masked():
    text = "port: 25\nhost: *\n```\n\nRestart the *server* after every change.\n"
    assert shown(unmarked(text)) == "Restart the server after every change."


def test_tildes_below_a_line_underline_it():
    assert "*" not in unmarked("Regras\n~~~~~~\n*Silêncio* depois das 22h")


def test_a_heading_is_plain_on_one_line():
    assert plain("11. [Churrasqueiras](#11) \\{#11-churrasqueiras}") == "11. Churrasqueiras"


@given(st.text(alphabet="ab .:\n\t*_`~[]()<>!#{}%&;/\\|-=\"'1", max_size=300))
def test_every_character_keeps_its_place(text):
    masked = unmarked(text)
    assert len(masked) == len(text)
    for before, after in zip(text, masked, strict=True):
        assert after == before or after in f"{REMOVED}\n #-|`" or before in "&["


@pytest.mark.parametrize(
    "piece",
    ["<!--", "[", "![", "[[", "`", "``", "<a ", '<a "', "*", "_", "{%", "<tr>", "> ", " ", "```\n", "~~~\n", "..\n"],
)  # fmt: skip
def test_time_is_linear(piece):
    def seconds(n_chars):
        text = piece * (n_chars // len(piece))
        started = time.process_time()
        unmarked(text)
        return time.process_time() - started

    assert seconds(24_000) < 20 * max(seconds(3_000), 0.005)
