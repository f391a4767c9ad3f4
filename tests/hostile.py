"""Texts that would act where they are shown as they are: markup of every surface, and controls."""

from __future__ import annotations

HOSTILE = [
    "[APPROVE HERE](https://a.example/x)",
    "\x1b]0;owned\x07\x1b[31mred\x9b2J",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "[/nope] [bold]x[/bold] :smile:",
    "__init__.py *.tmp.log ||spoiler|| ~~struck~~ _x_ **y**",
    "<@&998877> <@12> <#34> @everyone @here </ask:1> <t:1:R> @moderator",
    "# heading\n-# small\n> quote\n>>> more\n- item\n1. item\n===",
    "```\nblock\n```\n~~~\nblock",
    "`code` ``a` b",
    "<b>bold</b> <!-- gone --> &lt; $x$ $$y$$ \\(z\\)",
    "| a | b |\n|---|---|\n| c | d |",
    "[x][y] [y]: https://a.example [^1] ![i](https://a.example/i.png) <https://a.example/z>",
    "\\ \\\\ ends with a backslash\\",
]
