"""``/index`` and ``/learn``: how moderators teach, from files and from web pages."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import UserError
from core.types import Indexed


def outcome(context: Context, indexed: Indexed) -> str:
    """Say what became of one document."""
    return context.say(
        f"indexed.{indexed.outcome}",
        name=indexed.name,
        n_passages=indexed.n_passages,
        duplicate_of=indexed.duplicate_of or "",
    )


async def index(context: Context) -> None:
    """Store the text of every attached file; one that cannot be read does not stop the others."""
    lines = []
    for attachment in context.message.attachments:
        await context.progress(context.say("indexed.reading", name=attachment.name))
        try:
            lines.append(outcome(context, await context.knowledge.index_attachment(attachment)))
        except UserError as error:
            lines.append(context.explain(error))
    await context.reply("\n".join(lines))


async def learn(context: Context) -> None:
    """Fetch a web page and store its text."""
    url = context.message.arguments["url"]
    await context.progress(context.say("indexed.fetching", name=url))
    await context.reply(outcome(context, await context.knowledge.index_page(url)))


def register(registry: Registry) -> None:
    """Add ``/index`` and ``/learn``."""
    registry.add(
        Command(
            name="index",
            description={
                "en": "Teach me a file (.md .txt .html .pdf)",
                "pt": "Ensine-me um arquivo (.md .txt .html .pdf)",
            },
            handler=index,
            parameters=(
                Parameter("file", {"en": "The file to learn", "pt": "O arquivo a aprender"}, kind="attachment"),
            ),
            permission="moderator",
        )
    )
    registry.add(
        Command(
            name="learn",
            description={"en": "Teach me a web page", "pt": "Ensine-me uma página da web"},
            handler=learn,
            parameters=(Parameter("url", {"en": "The page's address", "pt": "O endereço da página"}),),
            permission="moderator",
        )
    )
