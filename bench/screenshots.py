"""The pictures of README.md and docs/: ``aion run`` with the real models on the sample handbook, seen in Chromium.

Run: make screenshots   (python bench/screenshots.py [FOLDER])
discord.py is the real one; behind it is the small Discord of ``tests/e2e``, and the chat is drawn from what it shows.
The answers of earlier weeks were given by the same models, to questions about the handbook, and dated back.
"""

from __future__ import annotations

import asyncio
import io
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from discord_server import DiscordServer
from PIL import Image
from playwright.async_api import async_playwright
from process import ROOT, aion, running
from sqlalchemy import update

from bench.arguments import link_models
from bench.chat_page import ChatLine, chat_page
from bench.delivery_worlds import discord_settings
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings, read_settings
from core.storage.curation.conflicts import NewConflict
from core.storage.schema import answers, ratings
from core.types import Message, Person, SpaceId
from plugins import load_plugins
from tests.dashboard import Site
from tests.fakes import CollectingOutlet

PATIENCE_S = 240.0
CHROMIUM = "chromium"
SIZE = {"width": 1180, "height": 760}
TOUR_WIDTH = 880
TOUR_ONLY = ("knowledge-map",)
PORT = 8797
DAYS = 28

QUESTIONS = (
    "When does the library open on Saturdays?",
    "How long can I borrow a book?",
    "What does a lost key cost?",
    "How much is the deposit for the projector?",
    "May I bring my own food to the reading room?",
    "Who conducts the choir rehearsal?",
    "How do I become a member?",
    "Quanto custa perder uma chave?",
    "Posso levar a bicicleta para dentro?",
    "What is the password of the wifi?",
    "Which days can I donate books?",
    "Is there a fine for late books?",
    "How many board games may I take?",
    "Where do I report a missing piece?",
    "Como reservo uma sala?",
    "What may I not print in the workshop?",
    "Is the workshop open on Sundays?",
    "Who chooses the books you buy?",
)
UNKNOWN = (
    "Can I rent the hall for a wedding?",
    "Is it possible to rent the hall for a wedding party?",
    "Do you rent out the hall for weddings?",
    "Is there parking for a van?",
)
NEW_RULE = "# Notice of November\n\nA lost key costs 30 euros.\n"
KILN = (
    "# The new kiln\n\nThe kiln is booked at the desk. It fires on Tuesdays and Fridays, and a shelf costs 4 euros.\n"
)


@dataclass
class Community:
    """The sample community: its Discord, and what was done there before the pictures."""

    discord: DiscordServer
    data_dir: Path
    draw: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        """Let people join."""
        self.rui, self.ana = self.discord.person("Rui"), self.discord.person("Ana")
        self.guild = self.discord.guild("Casa Aberta", moderators=[self.rui])
        self.channel = self.discord.channel(self.guild, "general")

    @property
    def space(self) -> SpaceId:
        """Return the community's space."""
        return SpaceId(f"discord:{self.guild.id}")

    async def live(self) -> None:
        """Teach the handbook, answer four weeks of questions, and leave something for a moderator to do."""
        taught = await aion(self.data_dir, "index", str(ROOT / "data" / "samples"), "--space", self.space)
        assert taught.status == 0, taught.err
        settings = Settings.model_validate({"AION_DATA_DIR": self.data_dir, "AION_HEALTH_PORT": PORT})
        async with assemble(settings, load_plugins()) as core:
            await core.stores.spaces.change_settings(self.space, lambda held: held)
            numbers = [await self._ask(core, question, n) for n, question in enumerate((*QUESTIONS, *UNKNOWN) * 3)]
            await self._date_back(core, [number for number in numbers if number])
            await self._leave_work(core)

    async def _ask(self, core: Aion, question: str, n: int) -> int | None:
        person = Person(f"discord:{1000 + n % 23}", f"Member {n % 23}")
        message = Message(f"asked {n}", "discord", self.space, str(self.channel.id), person, question)
        outlet = CollectingOutlet()
        await core.dispatch.handle(message, outlet)
        return outlet.replies[-1].answer_id if outlet.replies else None

    async def _date_back(self, core: Aion, numbers: Sequence[int]) -> None:
        """Spread the answers over four weeks, and have most of them rated."""
        database, now = core.stores.database, datetime.now(UTC)
        for number in numbers:
            at = now - timedelta(days=self.draw.random() * DAYS, hours=1)
            record = await core.stores.answers.get(self.space, number)
            liked = 0.85 if record is not None and record.used in ("local", "extract", "cache") else 0.35
            for rater in range(self.draw.randint(0, 3)):
                thumb = "up" if self.draw.random() < liked else "down"
                await core.stores.answers.rate(self.space, number, f"regular {rater}", thumb)
            dated = update(answers).where(answers.c.id == number).values(created_at=at)
            rated = update(ratings).where(ratings.c.answer_id == number).values(created_at=at, updated_at=at)
            await database.write_all([dated, rated])

    async def _leave_work(self, core: Aion) -> None:
        """Leave a proposal, a contradiction, gaps, and newcomers who vote together."""
        site = Site(core, None, None, None)  # type: ignore[arg-type]  # only what it stores is used
        await site.propose(
            "The new kiln",
            self.space,
            text=KILN,
            name="https://example.org/kiln",
            origin="kiln",
            excerpt="It fires on Tuesdays and Fridays, and a shelf costs 4 euros.",
        )
        await core.ingest.index_file(self.space, "notice.md", NEW_RULE.encode())
        documents = await core.documents.list(self.space)
        old = next(each.id for each in documents if "salas" in each.names[0])
        new = next(each.id for each in documents if each.names[0] == "notice.md")
        quote = "Uma chave perdida custa 25 euros"
        await core.stores.conflicts.open(self.space, NewConflict(new, "A lost key costs 30 euros.", old, quote))
        await core.services.learning.finder.gather()


class Studio:
    """A Chromium that photographs pages, and keeps the frames of the tour."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self._browser, self._folder = browser, folder
        self.frames: list[tuple[Image.Image, int]] = []

    async def open(self, scheme: str) -> Any:
        """Return a tab in a colour scheme."""
        context = await self._browser.new_context(viewport=SIZE, color_scheme=scheme, locale="en-GB")
        return await context.new_page()

    async def photograph(self, page: Any, name: str) -> None:
        """Write what a tab shows as ``NAME.webp``."""
        image = Image.open(io.BytesIO(await page.screenshot()))
        image.convert("RGB").save(self._folder / f"{name}.webp", quality=72, method=6)

    async def keep(self, page: Any, shown_ms: int) -> None:
        """Keep what a tab shows as a frame of the tour."""
        image = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
        height = round(image.height * TOUR_WIDTH / image.width)
        self.frames.append((image.resize((TOUR_WIDTH, height), Image.Resampling.LANCZOS), shown_ms))

    def write_tour(self, name: str) -> None:
        """Write the frames as an animated WebP."""
        first, *rest = [image for image, _ in self.frames]
        durations = [shown_ms for _, shown_ms in self.frames]
        first.save(
            self._folder / f"{name}.webp",
            save_all=True,
            append_images=rest,
            duration=durations,
            loop=0,
            quality=60,
            method=6,
        )


async def show_chat(studio: Studio, community: Community) -> None:
    """Ask on Discord, and keep the question, the answer and the thumb as frames."""
    discord, page = community.discord, await studio.open("light")
    question = "How much is the deposit for the projector?"
    asked = ChatLine("Ana", f"@AION {question}")
    await page.set_content(chat_page([asked]))
    await studio.keep(page, 1800)
    discord.say(community.channel, community.ana, question, mentions_bot=True)
    shown = await discord.wait_for_message(lambda m: m.buttons, PATIENCE_S)
    answered = ChatLine("AION", shown.content, tuple(shown.buttons))
    await page.set_content(chat_page([asked, answered]))
    await studio.keep(page, 3200)
    discord.press(shown, "👍", community.ana)
    await page.set_content(chat_page([asked, ChatLine("AION", shown.content, tuple(shown.buttons), pressed="👍")]))
    await studio.keep(page, 1600)


async def sign_in(community: Community, page: Any) -> str:
    """Sign in by the link that the bot sends, and return the dashboard's address."""
    told = await community.discord.wait_for_reply(
        community.discord.slash("dashboard", community.rui, community.channel)
    )
    link = re.search(r"http\S+token=[\w.-]+", told.content)
    assert link, told.content
    await page.goto(link[0])
    await page.click("button")
    await page.wait_for_url("**/dashboard/today")
    return link[0].partition("/sign-in")[0]


async def show_dashboard(studio: Studio, community: Community, scheme: str, *, in_tour: bool) -> None:
    """Photograph the screens in a colour scheme."""
    page = await studio.open(scheme)
    address = await sign_in(community, page)
    await page.goto(f"{address}/knowledge/map")
    await page.wait_for_selector("figure canvas", timeout=PATIENCE_S * 1000)
    await page.wait_for_timeout(500)
    for name, path in (
        ("today", "/today"),
        ("gaps", "/gaps"),
        ("conversation", None),
        ("knowledge-map", "/knowledge/map"),
        ("quality", "/quality"),
    ):
        if path is None:
            await page.goto(f"{address}/conversations?used=extract&thumb=up")
            await page.click("a.grow")
            await page.wait_for_selector(".why")
        else:
            await page.goto(f"{address}{path}")
        await page.wait_for_timeout(400)
        if name not in TOUR_ONLY:
            await studio.photograph(page, f"{name}-{scheme}")
        if in_tour:
            await studio.keep(page, 2600)


async def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = Path(temporary)
        link_models(data_dir, read_settings().models_dir)
        async with DiscordServer() as discord, async_playwright() as driver:
            community = Community(discord, data_dir)
            await community.live()
            browser = await driver.chromium.launch(
                executable_path=shutil.which(CHROMIUM), args=["--no-sandbox", "--font-render-hinting=none"]
            )
            studio = Studio(browser, folder)
            async with running(data_dir, AION_HEALTH_PORT=str(PORT), **discord_settings(discord)) as run:
                await run.until_logged("running: discord")
                await discord.wait_until(lambda: discord.commands and discord.n_identified, PATIENCE_S)
                await show_chat(studio, community)
                await show_dashboard(studio, community, "light", in_tour=True)
                await show_dashboard(studio, community, "dark", in_tour=False)
                await run.stop()
            studio.write_tour("tour")
            await browser.close()
    for path in sorted(folder.glob("*.webp")):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    asyncio.run(main())
