from __future__ import annotations

from bot.delivery.markup import markdown_of
from core.types import Reply, Source


def source(n: int, document: str, heading: str = "") -> Source:
    return Source(n, document, heading, "a quote", n)


def test_sources_are_listed_by_document_and_heading_and_the_number_they_are_cited_by():
    sources = (source(1, "handbook.md", "Guide > Hours"), source(2, "faq.md"))
    assert markdown_of(Reply("Open at nine [1], not at ten [2].", "en", 7, sources)) == (
        "Open at nine [1], not at ten [2].\n\n📖 [1] handbook.md › Guide › Hours\n📖 [2] faq.md"
    )


def test_a_quote_that_cites_no_number_has_one_quiet_line_below_it():
    assert markdown_of(Reply("Abrimos às nove.", "pt", 7, (source(1, "manual.md", "11. [Horas](#h)"),))) == (
        "Abrimos às nove.\n\n📖 manual.md › 11. Horas"
    )


def test_a_reply_without_sources_is_its_text():
    assert markdown_of(Reply("Hello", "en")) == "Hello"


def test_an_address_is_a_link_without_a_preview():
    assert "📖 <https://example.org/a_b>" in markdown_of(Reply("x", "en", 1, (source(1, "https://example.org/a_b"),)))


def test_the_list_is_not_swallowed_by_a_code_block_left_open():
    reply = Reply("```py\nx = 1", "en", 7, (source(1, "a.md"),))
    assert markdown_of(reply) == "```py\nx = 1\n```\n\n📖 a.md"
