"""``aion learn``: a web page, or a search of the web for a theme."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Audience, Space, app, finish, with_audience


@app.command(epilog='Examples:  aion learn https://example.org/faq  ·  aion learn "bread baking" --space discord:1234')
def learn(
    what: Annotated[str, typer.Argument(help="A page's address, or a theme to look for.", show_default=False)],
    space: Space = "global",
    audience: Audience = "",
) -> None:
    """Teach one web page, or search the web for a theme; what a search finds waits for aion review."""
    from bot.operator.knowledge.learn import learn_page_or_theme

    finish(learn_page_or_theme(what, with_audience(space, audience)))
