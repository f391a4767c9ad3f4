"""What is quoted around a part of a passage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.grounding.quotation import QuotablePassage
from core.generation.prompting.neighbouring_passages import widened
from tests.passages import chunked, passage

RULES = """# Garden

Plots are rented by the year. They cost 30 euros.

Before you leave:

1. Close the tap
2. Lock the shed
   - the key hangs inside
3. Sign the book

Visitors are welcome. However, dogs are not.
"""


def quotable(text, heading=""):
    whole = passage(text, heading=heading)
    return QuotablePassage(1, whole, whole)


def quoted(text, words, room):
    """Return what is quoted around the first part that holds ``words``."""
    of = quotable(text)
    (anchor, *_) = [i for i, part in enumerate(of.parts) if words in text[part.start : part.end]]
    return of.around(anchor, room).text


def test_a_section_is_quoted_whole_where_there_is_room():
    assert quoted(RULES, "Lock the shed", 600) == (
        "Plots are rented by the year. They cost 30 euros.\n"
        "Before you leave:\n1. Close the tap\n2. Lock the shed\n  - the key hangs inside\n3. Sign the book\n"
        "Visitors are welcome. However, dogs are not."
    )


def test_what_is_before_its_block_can_be_left_out():
    of = quotable(RULES)
    (anchor,) = [i for i, part in enumerate(of.parts) if "Lock" in RULES[part.start : part.end]]
    assert of.from_block(anchor, 600).text == of.around(anchor, 600).text.removeprefix(
        "Plots are rented by the year. They cost 30 euros.\n"
    )


def test_a_list_is_quoted_whole_with_what_introduces_it():
    assert quoted(RULES, "Sign the book", 100) == (
        "Before you leave:\n1. Close the tap\n2. Lock the shed\n  - the key hangs inside\n3. Sign the book"
    )


def test_a_list_too_long_is_quoted_around_the_item_and_its_gap_is_marked():
    assert quoted(RULES, "Sign the book", 40) == "Before you leave:\n…\n3. Sign the book"
    assert quoted(RULES, "the key hangs", 60) == "Before you leave:\n…\n2. Lock the shed\n  - the key hangs inside"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("cost 30", "Plots are rented by the year. They cost 30 euros."),
        ("welcome", "Visitors are welcome. However, dogs are not."),
    ],
)
def test_no_sentence_without_what_it_needs_and_what_narrows_it(words, text):
    assert quoted(RULES, words, 10) == text


def test_a_row_is_read_with_the_names_of_its_columns():
    table = "| Sala | Dia | Preço (R$) |\n|--|--|--|\n| Forno | seg | 20 |\n| Torno | ter | 35 |\n"
    assert quoted(table, "Torno", 30) == "Torno · Dia: ter · Preço (R$): 35"
    assert quoted(table, "Torno", 90) == "- Forno · Dia: seg · Preço (R$): 20\n- Torno · Dia: ter · Preço (R$): 35"


def test_code_is_quoted_whole_between_its_fences():
    text = "Para instalar o coro:\n\n   ```bash\n   sudo make\n     test\n   ```\n"
    assert quoted(text, "sudo", 20) == "Para instalar o coro:\n```bash\nsudo make\n  test\n```"


def test_code_within_a_step_keeps_its_lines():
    text = "1. Corre isto no\n   terminal:\n\n   ```\n   ls -l\n   pwd\n   ```\n\n2. Reinicia.\n"
    assert quoted(text, "Corre", 30) == "1. Corre isto no terminal:\n```\n   ls -l\n   pwd\n```"


def test_wrapped_lines_are_joined_and_gaps_of_prose_marked():
    text = "The hall is large, high\nand cold in winter. Rent is due in May. The keys are at the desk.\n"
    assert quoted(text, "Rent", 60) == "Rent is due in May. The keys are at the desk."
    assert quoted(text, "large", 30) == "The hall is large, high and cold in winter."


def test_nothing_introduces_what_is_not_quoted():
    assert quoted("Plots cost 30 euros. You also need:\n\n- a spade of your own\n- good boots\n", "30", 45) == (
        "Plots cost 30 euros."
    )


def test_a_list_cut_by_the_passage_is_quoted_to_its_end_in_the_document():
    text = "Bring for the camp:\n\n" + "\n".join(f"- thing number {n} of the list" for n in range(6))
    end = text.index("- thing number 3")
    first = replace(passage(text[:end].rstrip(), number=1), document_id=7, end=len(text[:end].rstrip()))
    second = replace(passage(text[end:], number=2), document_id=7, start=end, end=len(text))
    windows = QuotablePassage(1, first, widened(first, {2: second})).windows(400)
    assert [window.text for window in windows] == [text.replace("\n\n", "\n")]
    assert windows[0].source.quote in first.text


def test_windows_are_of_the_passage_itself_and_nothing_twice():
    cuts = [each.passage for each in chunked("# A\n\n" + "Words are here in a row. " * 200, "A")]
    known = {each.id: each for each in cuts}
    for cut in cuts:
        windows = QuotablePassage(1, cut, widened(cut, known)).windows(320)
        assert len({window.places for window in windows}) == len(windows)
        for window in windows:
            start, end = window.span
            assert start < cut.end
            assert end > cut.start
            assert window.source.quote in cut.text


def test_a_list_of_names_is_quoted_with_what_introduces_it():
    (window,) = quotable("We are organised in units:\n\n- Josué\n- Ester\n- Moisés\n").windows(320)
    assert window.text == "We are organised in units:\n- Josué\n- Ester\n- Moisés"


def test_fragments_and_introductions_are_no_windows():
    assert [each.text for each in quotable("Então:\n\nfrom\n\nOpen from nine.").windows(5)] == ["Open from nine."]


PIECES = st.sampled_from(
    ["Word ", "x. ", "It is. ", "But no. ", ":\n\n", "\n", "\n\n", "- ", "  - ", "1. ", "| ", "|--|\n", "# T\n", "```"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60).map("".join), st.integers(1, 400))
def test_every_quotation_is_whole_in_place_and_verbatim(text, room):
    of = quotable(text)
    for window in of.windows(room):
        assert window.anchor in window.places
        assert list(window.places) == sorted(set(window.places))
        for i in window.places:
            assert set(of.parts[i].needs) <= set(window.places)
        assert not of.parts[window.places[-1]].leads
        assert window.text.strip()
        assert window.source.quote in text
        assert len(window.source.quote) <= 300
        needed = len(of.read(of.around(window.anchor, 1).places))
        assert len(window.text) <= max(room, needed)


@pytest.mark.parametrize(
    "pointer",
    ["See the transit benefit page.", "For more information on passes", "Veja a página do regulamento.", "Saiba mais"],
)
def test_what_only_says_where_to_look_is_not_quoted_alone(pointer):
    windows = quotable(f"{pointer}\n\n## Pool\n\nThe pool closes at eight.").windows(320)
    assert [window.text for window in windows] == ["The pool closes at eight."]


def test_a_list_is_told_from_its_first_item_where_the_item_sought_is_still_reached():
    of = quotable("Pack these:\n\n- a tent for two\n- a stove\n- a lamp\n- a rope of ten metres\n- a bowl")
    (anchor,) = [i for i, part in enumerate(of.parts) if "lamp" in of.read([i])]
    assert of.around(anchor, 60).text == "Pack these:\n- a tent for two\n- a stove\n- a lamp"


def test_what_is_introduced_is_told_as_far_as_there_is_room():
    of = quotable("Login may fail. Install one of these:\n\n- for one browser, here\n- for the other browser, there")
    assert of.from_block(0, 80).text == "Login may fail. Install one of these:\n- for one browser, here"


def test_lines_that_do_not_end_as_sentences_stay_lines():
    text = "Early tickets end on 7 June\nRegular tickets end on 8 July\n\n1) Accept. Valid for 30 days\nUp to three.\n"
    assert quoted(text, "Regular", 300).splitlines() == [
        "Early tickets end on 7 June",
        "Regular tickets end on 8 July",
        "1) Accept. Valid for 30 days",
        "Up to three.",
    ]


def test_a_question_is_not_the_end_of_a_quotation():
    text = "Have a good trip and keep the receipts. Why the rush? A voucher pays the hotel, so hand it in on time."
    assert quoted(text, "receipts", 60) == "Have a good trip and keep the receipts."
