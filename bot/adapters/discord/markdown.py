"""Markdown as Discord reads it (https://support.discord.com/hc/articles/210298617).

Discord closes a block of code at the first three backticks in it, knows no other fence, and reads no block in a fence
that is longer. Escapes and addresses in angle brackets mean there what they mean in CommonMark.
"""

from __future__ import annotations

from core.markdown import Fence, fences

_FENCE = "```"
_BROKEN_FENCE = "`\u200b``"
"""Three backticks with a space of no width, which close nothing."""


def discord_markdown(markdown: str) -> str:
    """Return Markdown with each block of code between three backticks, and none of those in it."""
    pieces, position = [], 0
    for fence in fences(markdown):
        pieces += [markdown[position : fence.start], _block(markdown, fence)]
        position = fence.end
    return "".join([*pieces, markdown[position:]])


def _block(markdown: str, fence: Fence) -> str:
    body = markdown[fence.body_start : fence.body_end].replace(_FENCE, _BROKEN_FENCE)
    return f"{_FENCE}{fence.tag}\n{body}{_FENCE if fence.closed else ''}"
