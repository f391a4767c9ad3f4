"""The page of the command line: every subcommand with its examples, arguments and options."""

from __future__ import annotations

from bot.reference.command_line import Subcommand, command_line
from bot.reference.markdown_table import markdown_table

_INTRODUCTION = """\
# The command line

`aion` is `.venv/bin/aion` in the folder you cloned, and `docker compose exec aion aion` where AION runs in Docker.
`aion COMMAND --help` prints what stands here. Where a space is asked for, `global` is what every community reads;
`discord:<server id>` and `telegram:<chat id>` are one community's. An error is one sentence and exit status 1.
"""


def command_line_page() -> str:
    """Return the page."""
    root = command_line()
    contents = "".join(f"- [`{' '.join(each.words)}`](#{'-'.join(each.words)}): {each.about}\n" for each in root.below)
    return "\n".join((_INTRODUCTION, contents, *(_section(each) for top in root.below for each in top)))


def _section(command: Subcommand) -> str:
    name = " ".join(command.words)
    parts = [f"{'#' * len(command.words)} {name}\n", f"{command.about}\n"]
    if command.examples:
        parts.append("```console\n" + "".join(f"$ {each}\n" for each in command.examples) + "```\n")
    if command.parameters:
        rows = [(f"`{each.written}`", each.default, each.about) for each in command.parameters]
        parts.append(markdown_table(("argument or option", "default", "what"), rows))
    return "\n".join(parts)
