"""Sitemaps: pages of their own site with their dates, other sitemaps, and what is none."""

from __future__ import annotations

import pytest

from core.knowledge.parsing.sitemaps import MAX_PAGES, Sitemap, read_sitemap
from core.types import Page

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def read(text: str) -> Sitemap | None:
    return read_sitemap(Page("https://a.example/s.xml", "https://a.example/s.xml", "application/xml", text.encode()))


def test_pages_with_their_dates_on_the_same_site_alone() -> None:
    entries = (
        "<url><loc> https://a.example/one?a=1&amp;b=2 </loc><lastmod>2026-11-02</lastmod><priority>1</priority></url>"
        "<url><loc>https://a.example/two</loc></url>"
        "<url><loc>https://b.example/other</loc></url><url><loc>file:///etc/passwd</loc></url><url/>"
        "<url><loc>https://[</loc></url>"
    )
    assert read(f"\n{HEAD}<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{entries}</urlset>") == Sitemap(
        {"https://a.example/one?a=1&b=2": "2026-11-02", "https://a.example/two": ""}
    )


def test_other_sitemaps() -> None:
    text = "<sitemapindex><sitemap><loc>https://a.example/1.xml</loc></sitemap></sitemapindex>"
    assert read(text) == Sitemap(sitemaps=("https://a.example/1.xml",))


@pytest.mark.parametrize("text", ["", "<rss></rss>", "<urlset>", "no xml", "<html><body>x</body></html>"])
def test_what_is_no_sitemap(text: str) -> None:
    assert read(text) is None


def test_a_sitemap_without_end_is_cut() -> None:
    entries = "".join(f"<url><loc>https://a.example/{n}</loc></url>" for n in range(MAX_PAGES + 5))
    found = read(f"<urlset>{entries}</urlset>")
    assert found is not None and len(found.pages) == MAX_PAGES
