"""The outline of a document: sections, their first sentences and lists, without markup."""

from __future__ import annotations

from core.chat.outline import document_sections, without_marks

HANDBOOK = """# Boathouse

The boathouse belongs to **everyone** who [pays](https://example.org) for it.

## Before you row

1. Sign the *book*.
2. Check the bung
   and the oars.
3. Tell the harbour.

- a vest
- a whistle

## Prices

| boat | euros |
|---|---|
| skiff | 4 |

## Empty
"""


def test_sections_have_their_heading_and_first_sentence() -> None:
    sections = document_sections(HANDBOOK)
    assert [(each.heading, each.level, each.key_sentence) for each in sections] == [
        ("Boathouse", 1, "The boathouse belongs to everyone who pays for it."),
        ("Before you row", 2, ""),
        ("Prices", 2, ""),
        ("Empty", 2, ""),
    ]


def test_the_lists_of_a_section_are_the_numbered_ones_where_there_are_any() -> None:
    ((steps,),) = [each.lists for each in document_sections(HANDBOOK) if each.lists]
    assert list(steps) == ["Sign the book.", "Check the bung and the oars.", "Tell the harbour."]
    (section,) = document_sections("- a vest\n- a whistle\n\nAnd:\n\n- a rope\n- a lamp")
    assert section.lists == [["a vest", "a whistle"], ["a rope", "a lamp"]]


def test_a_text_without_headings_is_one_section() -> None:
    (only,) = document_sections("The gate is locked at ten in the evening. Ask Ivo.")
    assert (only.heading, only.key_sentence) == ("", "The gate is locked at ten in the evening.")
    assert document_sections("") == []


def test_marks_are_removed() -> None:
    assert without_marks("> **Bring** `tar` and [oil](x.md) {#oil}") == "Bring tar and oil"
