"""Documents that are easily misread, taught and asked about: what is said, and what each platform shows of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.discord.markdown import discord_markdown
from bot.adapters.telegram.entities import formatted
from bot.delivery.markup import markdown_of
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import Person, SpaceId
from plugins import load_plugins
from tests.discord_reading import seen
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder, message

ANA = Person("discord:1", "Ana")
NAMES = [f"{first} {last}" for first in ("Ada", "Bo", "Cy", "Di", "Ed", "Flo") for last in ["Arno", "Brook", "Castro"]]
ROWS = "".join(f"| H{n:03} | {NAMES[n % 18]} | {10 + n} | {7 * n + 4000} |\n" for n in range(1, 43))
DOCUMENTS = {
    "keys.md": f"# Key cabinet\n\n| Hook | Holder | Room | Code |\n|---|---|---|---|\n{ROWS}",
    "rules.md": """---
# Boat rules

Boots stay off the deck. The penalty is 4 florins.

---

# Guests

Guests sign in.
""",
    "office.html": "<main><h1>Kiln</h1><p>The kiln room is open:<br>Monday 14:00 to 19:30<br>Friday 10:00 to 12:45",
    "posts.md": """# Posts
The night crew locks the yard at 23:50.
The treasurer is Ngozi Ferreira.
The deputy is Bart Quill.
""",
    "boiler.md": "---\ntitle: Boiler record\nserial: BX-20417-Q\n---\nIt is serviced every spring.\n",
    "bot.md": "# Bot\n\n## Form\nWrite:\n\n````\n```\nx\n````\n\n## Copies\nBackups run at 03:35 every night.\n",
    "clubs.md": "# Club\n\n## C\nThe C evening is led by Prunella.\n\n## C#\nThe C# evening is led by Leopold.\n",
    "pass.html": "<main><h1>Garden</h1><details><summary>A pass?</summary><p>Ask Fulgencio.</p></details>"
    "<p>The garden closes at 20:10 in summer.</p></main>",
    "files.md": "Files matching *.tmp.log are deleted by __init__.py every night.\n"
    "Use <@&998877> to ping the on-call role and ||spoiler|| tags for plot twists.\n",
    "shed.txt": "The canoe shed opens with the brass\0 key. The \ufb01re o\ufb03ce keeps \ufb01ve \ufb02ags.",
}


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings(_env_file=None, AION_DATA_DIR=tmp_path)
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as opened:
        yield opened


def on_discord(markdown: str) -> str:
    return seen(discord_markdown(markdown))[0]


def on_telegram(markdown: str) -> str:
    return formatted(markdown)[0]


async def told(aion: Aion, name: str, question: str) -> tuple[str, str]:
    """Teach one document in a space of its own and ask; return what Discord and Telegram show of the reply."""
    space = SpaceId(f"discord:{len(name)}{name}")
    await aion.ingest.index_file(space, name, DOCUMENTS[name].encode())
    outlet = CollectingOutlet()
    await aion.dispatch.handle(
        replace(message(question, key=name, person=ANA, space=space), platform="discord"), outlet
    )
    reply = markdown_of(outlet.replies[-1])
    return on_discord(reply), on_telegram(reply)


@pytest.mark.parametrize(
    ("name", "question", "right"),
    [
        ("keys.md", "Who has hook H038?", f"H038 · Holder: {NAMES[2]} · Room: 48 · Code: 4266"),
        ("rules.md", "What is the penalty on deck?", "The penalty is 4 florins."),
        ("office.html", "When is the kiln room open?", "Friday 10:00 to 12:45"),
        ("posts.md", "Who is the treasurer?", "The treasurer is Ngozi Ferreira."),
        ("boiler.md", "What is the serial of the boiler?", "BX-20417-Q"),
        ("bot.md", "When do backups run?", "Backups run at 03:35 every night."),
        ("clubs.md", "Who leads the C# evening?", "The C# evening is led by Leopold."),
        ("pass.html", "When does the garden close in summer?", "The garden closes at 20:10 in summer."),
        (
            "files.md",
            "Which files are deleted every night?",
            "*.tmp.log are deleted by __init__.py every night.",
        ),
        ("files.md", "How do I ping the on-call role?", "Use <@&998877> to ping the on-call role and ||spoiler|| tags"),
        ("shed.txt", "What does the fire office keep?", "The fire office keeps five flags."),
    ],
)
async def test_the_right_words_are_shown_on_both_platforms(aion: Aion, name: str, question: str, right: str) -> None:
    for shown in await told(aion, name, question):
        assert right in " ".join(shown.split())
