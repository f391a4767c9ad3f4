"""Pages of plugins: drawn of checked values, with the dashboard's own pieces; their forms are as any of ours."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.charts import Chart, labelled_bars
from bot.web.dashboard.visit import ScreenRoute, Visit
from core.extensions.plugin_screens import OpenScreen, ScreenVisitor
from core.extensions.screen_parts import (
    ScreenChart,
    ScreenFigure,
    ScreenForm,
    ScreenPart,
    ScreenTable,
    ScreenText,
)

_PATH = "/plugins/{plugin}/{screen}"

FIELD = "field_"
"""What the names of a plugin's fields begin with, so that none is taken for one of ours."""

_KINDS: Mapping[type[ScreenPart], str] = {
    ScreenText: "text",
    ScreenFigure: "figure",
    ScreenTable: "table",
    ScreenChart: "chart",
    ScreenForm: "form",
}


async def show(visit: Visit) -> Response:
    """Show a page of a plugin that is enabled here."""
    screen = await _screen(visit)
    visit.host.admit_costly(visit.session)
    parts = [(_KINDS[type(part)], part, _drawn(part)) for part in await screen.parts()]
    return await visit.page("plugin_screen", path=screen.link.path, title=screen.link.title, parts=parts)


async def send(visit: Visit) -> Response:
    """Hand a form of a page over to its plugin."""
    screen = await _screen(visit)
    visit.host.admit_costly(visit.session)
    fields = {name.removeprefix(FIELD): visit.text(name) for name in visit.form if name.startswith(FIELD)}
    await screen.send(visit.text("form"), fields)
    await visit.note("plugin_form", screen.link.path.removeprefix("/plugins/"))
    return visit.back(screen.link.path, "plugin_sent")


ROUTES = (ScreenRoute(_PATH, show), ScreenRoute(_PATH, send, is_action=True))


async def _screen(visit: Visit) -> OpenScreen:
    """Return the page that the path names. Raises a 404 where no plugin that is enabled here has it."""
    named = visit.request.path_params
    visitor = ScreenVisitor(visit.space, visit.person, visit.language, visit.is_operator, visit.services)
    screen = await visit.aion.services.plugins.screens.find(str(named["plugin"]), str(named["screen"]), visitor)
    if screen is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return screen


def _drawn(part: ScreenPart) -> tuple[Chart, ScreenTable] | None:
    """Return a chart as it is drawn, and the table under it; ``None`` for anything else."""
    if not isinstance(part, ScreenChart):
        return None
    rows = tuple(zip(part.labels, *part.series.values(), strict=True))
    return labelled_bars(part.labels, tuple(part.series.values())), ScreenTable(("", *part.series), rows)
