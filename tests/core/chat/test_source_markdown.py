from __future__ import annotations

from core.chat.source_markdown import escape, source_path
from core.types import Source


def test_a_document_named_in_markdown_is_shown_as_it_is():
    assert escape("my_*file*|<#1>.md") == r"my\_\*file\*\|\<#1>.md"


def test_a_title_that_is_also_the_first_heading_is_said_once() -> None:
    assert source_path(Source(1, "Guide", "Guide > Hours > Winter", "", 1)) == ("Guide", "Hours", "Winter")
    assert source_path(Source(1, "Guide", "Guide", "", 1)) == ("Guide",)
    assert source_path(Source(1, "guide.md", "", "", 1)) == ("guide.md",)
