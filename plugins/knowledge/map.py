"""``/map``: the space's passages drawn as points in three dimensions."""

from __future__ import annotations

from core.commands import Command, Context, Registry


async def show_map(context: Context) -> None:
    """Draw the space's knowledge in three dimensions."""
    await context.progress(context.say("map.drawing"))
    picture = await context.services.documents.map(context.label("map.heading"))
    await context.show(context.say("map.explained"), picture)


def register(registry: Registry) -> None:
    """Add ``/map``."""
    registry.add(
        Command(
            name="map",
            description={"en": "See what I know here as a picture", "pt": "Veja em uma imagem o que eu sei aqui"},
            handler=show_map,
        )
    )
