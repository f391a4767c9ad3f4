"""``aion import``: a chat's exported history, as proposals of what it teaches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import Audience, Space, app, finish, with_audience


@app.command(
    "import",
    epilog="Examples:  aion import help.json --dry-run  ·  aion import export/ --space discord:1234 --since 2025-01-01",
)
def import_history(
    path: Annotated[
        Path,
        typer.Argument(
            help="An export: DiscordChatExporter, Telegram Desktop, Slack, WhatsApp, mbox; or a folder of them.",
            show_default=False,
        ),
    ],
    space: Space = "global",
    audience: Audience = "",
    since: Annotated[str, typer.Option("--since", help="Leave out what was said before this day: 2025-01-31.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be proposed, and store nothing.")] = False,
    trusted: Annotated[
        list[str], typer.Option("--trusted", help="A role whose members' answers are believed; may be repeated.")
    ] = [],  # noqa: B006  Typer makes a new list for each call
    authors_agreed: Annotated[
        bool,
        typer.Option(
            "--authors-agreed", help="The authors agreed to be learned from; those who refused are left out anyway."
        ),
    ] = False,
) -> None:
    """Propose what a chat's history teaches: solved questions, announcements, pinned messages, how-tos."""
    from bot.operator.knowledge.import_ import HistoryOptions, import_path

    options = HistoryOptions(with_audience(space, audience), since, tuple(trusted), authors_agreed)
    finish(import_path(path, options, dry_run))
