from __future__ import annotations

from bot.delivery.markup import discord_markdown, escape, place, sources_footer
from core.types import Reply, Source


def source(n: int, document: str, heading: str = "") -> Source:
    return Source(n, document, heading, "a quote", n)


def test_sources_are_listed_by_number_document_and_heading():
    reply = Reply("We open at nine [1].", "en", 7, (source(1, "handbook.md", "Guide > Hours"), source(2, "faq.md")))
    assert discord_markdown(reply) == (
        "We open at nine [1].\n\n**Sources**\n[1] handbook.md › Guide › Hours\n[2] faq.md"
    )


def test_the_list_speaks_the_language_of_the_reply():
    assert sources_footer(Reply("Abrimos às nove.", "pt", 7, (source(1, "manual.md"),))).startswith("**Fontes**")


def test_a_reply_without_sources_is_its_text():
    assert discord_markdown(Reply("Hello", "en")) == "Hello"


def test_an_address_is_a_link_without_a_preview():
    assert "[1] <https://example.org/a_b>" in sources_footer(
        Reply("x", "en", 1, (source(1, "https://example.org/a_b"),))
    )


def test_a_document_named_in_markdown_is_shown_as_it_is():
    assert escape("my_*file*|<#1>.md") == r"my\_\*file\*\|\<#1>.md"


def test_the_list_is_not_swallowed_by_a_code_block_left_open():
    reply = Reply("```py\nx = 1", "en", 7, (source(1, "a.md"),))
    assert discord_markdown(reply) == "```py\nx = 1\n```\n\n**Sources**\n[1] a.md"


def test_a_title_that_is_also_the_first_heading_is_said_once() -> None:
    assert place(Source(1, "Guide", "Guide > Hours > Winter", "", 1)) == ("Guide", "Hours", "Winter")
    assert place(Source(1, "Guide", "Guide", "", 1)) == ("Guide",)
    assert place(Source(1, "guide.md", "", "", 1)) == ("guide.md",)
