"""Acknowledges interactions within Discord's three seconds, and sends their callers private replies."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord

from bot.adapters.discord.direct_post import DirectPost
from bot.adapters.discord.interaction_post import InteractionPost
from bot.delivery.stream import StreamedReply
from bot.platform_errors import UNREADABLE
from core.texts import language_of_locale, say_markdown
from core.types import Reply

log = logging.getLogger(__name__)

_ALREADY_ACKNOWLEDGED = 40060

Interaction = discord.Interaction[Any]


async def acknowledge(interaction: Interaction, *, ephemeral: bool) -> bool:
    """Defer the response, which shows "thinking…"; return whether a reply can follow. A lost one is repeated once."""
    for is_last in (False, True):
        try:
            await interaction.response.defer(ephemeral=ephemeral, thinking=True)
        except discord.HTTPException as error:
            if error.code == _ALREADY_ACKNOWLEDGED:
                return True  # by a first attempt whose answer was lost; a redelivery is recognised by its key
            log.warning("Discord: interaction %s could not be acknowledged: %s", interaction.id, error)
            return False
        except (aiohttp.ClientError, OSError) as error:
            log.warning("Discord: interaction %s: %r", interaction.id, error)
            if is_last:
                return False
        except UNREADABLE as error:
            log.warning("Discord: interaction %s was acknowledged with an odd reply: %r", interaction.id, error)
            return True
        else:
            return True
    return False


async def tell(interaction: Interaction, key: str, **values: object) -> None:
    """Send a sentence of the catalogue, in private, to whoever caused an acknowledged interaction."""
    language = language_of_locale(str(interaction.locale), "en")
    await show(interaction, Reply(say_markdown(language, key, **values), language, private=True))


async def show(interaction: Interaction, reply: Reply) -> None:
    """Send a private reply to an acknowledged interaction."""
    async with StreamedReply(post_of(interaction, ephemeral=True)) as outlet:
        await outlet.send(reply)


def post_of(interaction: Interaction, *, ephemeral: bool) -> InteractionPost:
    """Return where the reply to an interaction goes, which is or was acknowledged ``ephemeral`` or in public."""
    client = interaction.client
    direct = DirectPost(client, interaction.user.id, client.rate_limits, str(interaction.id))
    return InteractionPost(interaction, client.rate_limits, direct, ephemeral=ephemeral)
