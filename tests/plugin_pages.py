"""A plugin with pages of the dashboard, every text of which would be markup where it was not escaped."""

from __future__ import annotations

from core.types import SpaceId
from tests.dashboard import Site

HARM = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{ 7777 * 7 }}"

PLUGIN = """# /// aion
# name = "coin"
# description = {{ en = "A plugin of the tests" }}
# services = ["documents"]
# screens = ["tosses", "ledger", "locked"]
# ///
import asyncio, time
from core.errors import BadInput
from core.extensions.screen_parts import *

HARM = {harm!r}
SENT, SEEN = [], []

class Markup(str):
    def __html__(self):
        return HARM

async def show(visit):
    SEEN.append(visit.space)
    {code}
    return [
        ScreenText("Tosses of " + visit.person.name),
        ScreenText(Markup(HARM), HARM),
        ScreenFigure("Documents", len(await visit.services.documents.documents())),
        ScreenTable([HARM, "n"], [[HARM, 3], [Markup("a"), 2.5]], HARM),
        ScreenChart(HARM, [HARM, "Tue"], {{HARM: [1, 2], "tails": [0, 3]}}),
        ScreenForm("Add " + HARM, [
            ScreenField("side", HARM, "choice", HARM, [HARM, "tails"]),
            ScreenField("why", HARM, "long", HARM),
            ScreenField("csrf", HARM, value=HARM),
        ], "toss", HARM),
    ]

async def send(visit):
    if visit.fields.get("side") == "edge":
        raise visit.refusal(HARM)
    if visit.fields.get("side") == "lost":
        raise BadInput("no.such_sentence")
    SENT.append((visit.space, visit.form, dict(visit.fields)))

def register(registry):
    registry.add_screen("tosses", {{"en": "Tosses {title}", "pt": "Jogadas"}}, show, send)
    registry.add_screen("ledger", "Ledger", show, role="operator")
    registry.add_screen("locked", "Locked", show)
"""

TITLE = "<script>t</script>"
PAGE = "/plugins/coin/tosses"


async def load_pages(site: Site, space: SpaceId, code: str = "pass") -> None:
    """Write the plugin, read it anew and enable it in a space. ``code`` runs before its page is shown."""
    folder = site.aion.settings.data_dir / "plugins"
    folder.mkdir(exist_ok=True)
    source = PLUGIN.format(harm=HARM, title=TITLE, code=code)
    (folder / "coin.py").write_text(f"{source}\n# {space}\n")
    plugins = site.aion.services.plugins.of(space)
    await plugins.reload()
    card = await plugins.find("coin", "en")
    assert not card.problem, card.problem
    await plugins.enable("coin", card.digest)
