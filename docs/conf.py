"""How Sphinx makes a site of the Markdown here and beside it: ``make docs``. Nothing of it is loaded from elsewhere.

The sources are the repository itself, so that each link leads to the same page on the site and in the repository.
"""

from __future__ import annotations

from typing import Any

project = "AION"
author = "the AION developers"
language = "en"

extensions = ["myst_parser"]
include_patterns = [
    *(f"{page}.md" for page in ("README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG")),
    "docs/**.md",
    "deploy/**.md",
    "bench/README.md",
    "core/nn/README.md",
]
exclude_patterns = [".venv", "build", "data", "tests"]
root_doc = "docs/index"
templates_path = ["_templates"]
smartquotes = False

myst_heading_anchors = 4

html_theme = "furo"
html_title = "AION"
html_favicon = "../bot/web/dashboard/static/icon.svg"
html_additional_pages = {"index": "start.html"}
html_copy_source = False
html_show_sphinx = False

CONTENTS = {
    "Start": ["/README", "how-it-answers"],
    "Guides": ["member", "moderator", "owner"],
    "Em português": ["pt/member", "pt/moderator", "pt/owner", "pt/reference/chat"],
    "Understand": ["training", "/SECURITY", "/ARCHITECTURE", "/bench/README", "/core/nn/README"],
    "Run it": ["operations", "models", "teaching", "/deploy/**"],
    "Build on it": ["programs", "plugins", "/CONTRIBUTING", "/CHANGELOG"],
    "Reference": ["reference/chat", "reference/settings", "reference/command-line"],
}
"""The menu: pages by their place from here, under headings."""


def add_contents(app: Any, docname: str, source: list[str]) -> None:
    """Put the menu below the first page, whose Markdown is plain."""
    if docname != root_doc:
        return
    for caption, pages in CONTENTS.items():
        lines = ("```{toctree}", ":hidden:", ":glob:", f":caption: {caption}", "", *pages, "```")
        source[0] += "\n" + "\n".join(lines) + "\n"


def set_language(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Say in the page itself that it is Portuguese."""
    if pagename.startswith("docs/pt/"):
        context["language"] = "pt-BR"


def setup(app: Any) -> None:
    """Have Sphinx call the above."""
    app.connect("source-read", add_contents)
    app.connect("html-page-context", set_language)
