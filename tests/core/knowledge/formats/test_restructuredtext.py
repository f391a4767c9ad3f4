"""reStructuredText as Sphinx's users write it."""

from __future__ import annotations

import pytest

from core.knowledge.extract import extract


def text_of(source: str) -> str:
    return extract(source.encode(), "a.rst").text


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("See :class:`~discord.Client` now.", "See `Client` now."),
        ("See :py:meth:`Client.run` now.", "See `Client.run` now."),
        ("See :ref:`the guide <guide>` now.", "See the guide now."),
        ("See `the page <https://example.org/a>`_ now.", "See [the page](https://example.org/a) now."),
        ("Press :kbd:`Ctrl`.", "Press Ctrl."),
        (".. |v| replace:: 2.0\n\nVersion |v|.", "Version 2.0."),
        (".. note::\n\n   Careful.", "Note: Careful."),
        (".. deprecated:: 2.1\n   Use that.", "Deprecated since version 2.1 Use that."),
        (".. currentmodule:: discord\n\nText.", "Text."),
        (":orphan:\n\nText.", "Text."),
        (".. image:: a.png\n   :alt: badge\n\nText.", "Text."),
        (".. image:: a.png\n   :alt: Where the key hangs\n", "Where the key hangs"),
        ("A |coroutine|_ and |maybe| more.", "A coroutine and maybe more."),
        (".. versionchanged:: 2.0\n\n   It waits.", "Changed in version 2.0: It waits."),
        (".. code-block:: python\n   :linenos:\n\n   x = 1", "```\nx = 1\n```"),
        (".. glossary::\n\n   key\n      What opens.", "- key: What opens."),
        (".. tab:: Linux\n\n   Use apt.", "- `Linux`: Use apt."),
        (".. only:: html\n\n   Text.", "Text."),
    ],
)
def test_roles_and_directives(source: str, shown: str) -> None:
    assert text_of(source) == shown


def test_a_description_of_a_function_is_one_item() -> None:
    source = ".. function:: send(text)\n   :async:\n\n   Sends it.\n\n   :param text: What to send.\n"
    assert text_of(source) == "- `send(text)`: Sends it.\n  - param text: What to send."


def test_a_role_defined_by_the_document_itself() -> None:
    assert text_of(".. role:: red\n\nA :red:`warning`.") == "A warning."


def test_mistakes_in_the_source_leave_the_rest() -> None:
    source = "Title of it\n=====\n\nWord `unclosed\n\n.. figure::\n\n.. list-table::\n   :widths: x\n\n   * - a\n\nEnd."
    found = text_of(source)
    assert found.startswith("# Title of it\n\nWord `unclosed")
    assert found.endswith("End.")


def test_long_blocks_are_parted_and_keep_their_words_and_rows() -> None:
    rows = "".join(f"| gate{n:04} | {n:04} |\n+----------+------+\n" for n in range(400))
    prose = " ".join(f"word{n}" for n in range(3_000))
    read = extract(f"Gates\n=====\n\n+----------+------+\n{rows}\n{prose}\n".encode(), "a.rst").text
    assert all(f"gate{n:04}" in read for n in range(400))
    assert "+---" not in read
    assert read.split()[-1] == "word2999"
    assert sum(word.startswith("word") for word in read.split()) >= 3_000
