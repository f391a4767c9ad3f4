from __future__ import annotations

from core.chat.source_markdown import quoted_source_list, source_list, source_path
from core.types import Source


def test_a_document_named_in_markdown_is_shown_as_it_is():
    named = source_list([Source(1, "my_*file*|<#1>.md", "", "", 1)], "")
    assert named == "📖 my\\_\\*file\\*\\|\\<#1>.md"


def test_a_title_that_is_also_the_first_heading_is_said_once() -> None:
    assert source_path(Source(1, "Guide", "Guide > Hours > Winter", "", 1)) == ("Guide", "Hours", "Winter")
    assert source_path(Source(1, "Guide", "Guide", "", 1)) == ("Guide",)
    assert source_path(Source(1, "guide.md", "", "", 1)) == ("guide.md",)


def test_headings_are_shown_without_markup() -> None:
    source = Source(1, "guide.md", "**Pool** {#pool} > [Fees](#fees)", "", 1)
    assert source_path(source) == ("guide.md", "Pool", "Fees")


def test_sources_are_numbered_where_they_are_cited_by_number() -> None:
    sources = [Source(1, "guide.md", "Fees", "", 1), Source(2, "faq_a.md", "", "", 2)]
    assert source_list(sources, "Six euros.") == "📖 guide.md › Fees\n📖 faq\\_a.md"
    assert source_list(sources, "Six [1] or seven [2].") == "📖 [1] guide.md › Fees\n📖 [2] faq\\_a.md"


def test_a_quote_is_shown_without_its_markup() -> None:
    (entry,) = quoted_source_list(
        [Source(1, "a.md", "", "See\n**[the desk](/desk)**, *not* the <b>door</b>.", 1)], "en", {}
    ).split("\n")[2:]
    assert entry == "> See the desk, not the door."


def test_the_rest_of_a_passage_is_shown_line_by_line() -> None:
    source = Source(2, "fees.md", "Fees", "Six euros.", 7)
    shown = quoted_source_list([source], "en", {7: "Six euros.\n\n- children *free*\n- dogs: 1", 8: "Elsewhere."})
    assert shown == "**Sources**\n[2] fees.md › Fees\n> Six euros.\n> \\- children \\*free\\*\n> \\- dogs: 1"


def test_a_source_with_an_address_links_there() -> None:
    source, place = Source(1, "How?", "", "So.", 7), "https://discord.com/channels/1/2/3"
    assert quoted_source_list([source], "en", {}, {7: place}).split("\n")[1] == f"[1] How? · {place}"
    for hostile in ("https://a.example/)[x](y", "https://a.example/ @everyone", "javascript:alert(1)", "", "guide.md"):
        assert quoted_source_list([source], "en", {}, {7: hostile}).split("\n")[1] == "[1] How?"
