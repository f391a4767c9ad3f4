from __future__ import annotations

from bot.delivery.markup import markdown_of
from core.types import Reply, Source


def source(n: int, document: str, heading: str = "") -> Source:
    return Source(n, document, heading, "a quote", n)


def test_sources_are_listed_by_number_document_and_heading():
    reply = Reply("We open at nine [1].", "en", 7, (source(1, "handbook.md", "Guide > Hours"), source(2, "faq.md")))
    assert markdown_of(reply) == ("We open at nine [1].\n\n**Sources**\n[1] handbook.md › Guide › Hours\n[2] faq.md")


def test_the_list_speaks_the_language_of_the_reply():
    assert "\n\n**Fontes**\n" in markdown_of(Reply("Abrimos às nove.", "pt", 7, (source(1, "manual.md"),)))


def test_a_reply_without_sources_is_its_text():
    assert markdown_of(Reply("Hello", "en")) == "Hello"


def test_an_address_is_a_link_without_a_preview():
    assert "[1] <https://example.org/a_b>" in markdown_of(Reply("x", "en", 1, (source(1, "https://example.org/a_b"),)))


def test_the_list_is_not_swallowed_by_a_code_block_left_open():
    reply = Reply("```py\nx = 1", "en", 7, (source(1, "a.md"),))
    assert markdown_of(reply) == "```py\nx = 1\n```\n\n**Sources**\n[1] a.md"
