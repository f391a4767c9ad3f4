"""The Markdown that replies are written in: what is ours, what is escaped, and what others wrote made harmless.

Replies are CommonMark 0.31 with ``**``, lists, quotes, code and addresses in angle brackets; every surface converts
them to its own form. Markdown is escaped for all surfaces at once: what CommonMark, Telegram's converter (tables, math,
``~~``, ``||``) or Discord (``__``, ``||``, ``-#``, mentions) would take for markup.
"""

from __future__ import annotations

from core.markdown.escape import Markdown, escape, quoted
from core.markdown.fence import Fence, close_fence, fences
from core.markdown.plain_text import plain_text
from core.markdown.sanitise import sanitise

__all__ = ["Fence", "Markdown", "close_fence", "escape", "fences", "plain_text", "quoted", "sanitise"]
