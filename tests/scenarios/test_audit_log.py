"""What moderators change in chat stands in the audit log beside what they change on the dashboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.texts import catalogue
from core.types import Attachment, Message, Person, SpaceId
from tests.dashboard import HERE, Site, open_site
from tests.fakes import CollectingOutlet

ROOT = Path(__file__).parents[2]
RUI = Person("discord:42", "Rui", is_moderator=True)


def test_every_change_has_a_sentence() -> None:
    folders = ("plugins", "bot/web/dashboard", "bot/operator")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    noted = re.compile(r'\bnote(?:_change)?\((?:[\w.]+, space, )?"(\w+)"')
    actions = {action for path in files for action in noted.findall(path.read_text(encoding="utf-8"))}
    assert len(actions) > 15 and not {action for action in actions if f"did.{action}" not in catalogue("en")}


async def test_what_is_changed_in_chat_is_recorded(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        proposal = await site.propose("hours")
        conflict = await site.contradict(HERE)
        await call(site, "settings", setting="name", value="Clay")
        await call(site, "index", files=(b"# Loans\n\nThree weeks.\n",))
        await call(site, "forget", document="loans.md")
        await call(site, "approve", what=str(proposal))
        await call(site, "approve", what=str(proposal))  # decided before: nothing is recorded
        await call(site, "settle_conflict", number=str(conflict), verdict="first")
        await call(site, "trust", what="role Teacher")
        await call(site, "untrust", what="role Teacher")
        await call(site, "training", allowed="on")
        await call(site, "docs")
        await call(site, "settings")
        events = await site.aion.services.dashboard.audit.page(HERE, None, 20)
        assert [(each.change.action, each.change.subject) for each in reversed(events)] == [
            ("set", "name"),
            ("teach", "loans.md"),
            ("forget", "Loans"),
            ("approve", "hours"),
            ("settle", f"#{conflict} It opens at nine."),
            ("trust", "Teacher"),
            ("untrust", "Teacher"),
            ("set", "training"),
        ]
        assert {each.change.name for each in events} == {"Rui"}
        page = (await (await site.signed_in()).get("/audit")).text
        assert "no longer trusts" in page and "Teacher" in page


async def test_whoever_may_not_change_anything_leaves_no_trace(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        await call(site, "settings", person=Person("discord:7", "Ana"), setting="name", value="Clay")
        assert await site.aion.services.dashboard.audit.page(HERE, None, 20) == ()


@pytest.mark.parametrize("space", [SpaceId(f"{HERE}/channel-7")])
async def test_a_change_in_a_channel_of_few_is_the_communitys(tmp_path: Path, space: SpaceId) -> None:
    async with open_site(tmp_path) as site:
        await call(site, "settings", space=space, setting="tone", value="warm")
        (event,) = await site.aion.services.dashboard.audit.page(HERE, None, 20)
        assert event.change.subject == "tone"


async def call(
    site: Site,
    command: str,
    space: SpaceId = HERE,
    person: Person = RUI,
    files: tuple[bytes, ...] = (),
    **arguments: str,
) -> None:
    """Call a command as a moderator does in a channel."""

    async def read(data: bytes) -> bytes:
        return data

    attached = tuple(Attachment("loans.md", len(each), lambda each=each: read(each)) for each in files)
    key = f"{command} {len(await site.aion.services.dashboard.audit.page(HERE, None, 99))} {arguments}"
    message = Message(
        key, "discord", space, "9", person, f"/{command}", command=command, arguments=arguments, attachments=attached
    )
    await site.aion.dispatch.handle(message, CollectingOutlet())
