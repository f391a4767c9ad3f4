"""The dashboard in a real Chromium, where one and playwright are found: light and dark, large and small, no scripts.

``AION_CHROMIUM`` names one, else ``chromium`` on the PATH is taken; ``make browser`` installs playwright and axe. AION
itself needs none of them. One browser serves all tests.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from bot.web.app import create_app, serve
from bot.web.dashboard.pages import STATIC, Pages
from bot.web.dashboard.platform_sign_in.routes import SignInPlatforms
from bot.web.dashboard.platform_sign_in.telegram_login import TelegramLogin
from bot.web.dashboard.router import SCREEN_ROUTES, dashboard_router
from core.models.lora import WEIGHTS, LoraManifest, write_manifest
from core.models.registry import LoraRegistry
from core.training.retest import Outcome, RetestedAnswer, report_folder, write_retested
from core.types import SpaceId
from tests.dashboard import HERE, RUI, Site, open_site
from tests.plugin_pages import PAGE, load_pages
from tests.sign_in_platforms import BOT_TOKEN, TelegramSignIn

CHROMIUM = os.environ.get("AION_CHROMIUM") or shutil.which("chromium")
MAX_BYTES = 300_000
"""Of a page with everything it loads."""

AION, TELEGRAM = "http://aion.example", "http://telegram.example"

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}

_NUMBERED = ("/proposals/1", "/conversations/1", "/knowledge/1", "/models/v1")
PATHS = (
    *(route.path for route in SCREEN_ROUTES if not route.is_action and "{" not in route.path),
    *_NUMBERED,
    "/conversations?band=abstain",
    "/conversations?source=%231",
    "/knowledge?q=nothing",
    PAGE,
    "/nothing",
)

_OBSERVE = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) window.shifted += shift.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => console.error("CSP: " + event.violatedDirective));
"""

_AXE = """
() => axe.run(document, { resultTypes: ["violations"] }).then((found) =>
  found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => each.id + ": " + each.nodes.map((node) => node.html).join(" ")))
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium: AION_CHROMIUM names none, and none is on the PATH"),
]


@dataclass
class BrowserSite:
    """A dashboard that is served on a free port, with everything a community has, and a browser."""

    site: Site
    address: str
    chromium: Any

    @asynccontextmanager
    async def context(self, **options: Any) -> AsyncIterator[Any]:
        """Open a browser context of its own."""
        context = await self.chromium.new_context(**options)
        try:
            yield context
        finally:
            await context.close()

    async def signed_in(self, context: Any) -> Any:
        """Return a tab of the context in which a moderator signed in by a link."""
        self.site.roles.moderators.add((HERE, RUI.id))
        page = await context.new_page()
        await page.goto(f"{self.address}/dashboard{await self.site.link()}")
        await page.click("button")
        await page.wait_for_url("**/dashboard/today")
        return page


@asynccontextmanager
async def served(site: Site) -> AsyncIterator[str]:
    """Serve a dashboard on a free port and give its address."""
    address = asyncio.get_running_loop().create_future()
    login = TelegramLogin(
        BOT_TOKEN, "http://aion.example", "http://aion.example/dashboard/sign-in/telegram/done", TELEGRAM
    )
    platforms = SignInPlatforms(telegram=login)
    app = create_app([dashboard_router(site.aion, site.roles, site.tasks, _Unhurried(), platforms)])
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, address.set_result))
    try:
        yield await address
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def retested_version(site: Site, folder: Path) -> None:
    """Add the LoRA version ``v1``, with what the community disliked before it and what is answered with it."""
    registry, weights = LoraRegistry(site.aion.settings.data_dir / "loras"), folder / "weights"
    weights.mkdir()
    (weights / "adapter_config.json").write_text("{}")
    (weights / WEIGHTS).write_bytes(b"1")
    write_manifest(weights, LoraManifest("b", "h", 16, 32.0, ("q_proj",), metrics={"loss": 0.5}))
    name, here = registry.add(weights).name, site.aion.services.dashboard.pseudonyms.of(HERE)
    answers = [
        RetestedAnswer(here, (number,), f"Question {number}?", "Never. " * 40, "At nine. " * 40, outcome)
        for number, outcome in enumerate(get_args(Outcome), 1)
    ]
    write_retested(answers, report_folder(registry, name))


class _Unhurried:
    """A clock by which every request comes a second after the one before: no limit is met."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def __call__(self) -> float:
        self._now_s += 1.0
        return self._now_s


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserSite]:
    playwright = pytest.importorskip("playwright.async_api", reason="no playwright: make browser installs it")
    folder = tmp_path_factory.mktemp("browser")
    async with open_site(folder) as site, served(site) as address, playwright.async_playwright() as driver:
        await site.fill(HERE)
        for used, thumb in (("local", "up"), ("closest", "down"), ("abstained", None), ("silent", None)):
            await site.answer(HERE, f"A question with a reply that was {used}?", used=used, thumb=thumb)
        await site.brigade(HERE)
        retested_version(site, folder)
        await load_pages(site, HERE)
        await (await site.signed_in()).send("/settings/tone", value="warm")
        await (await site.signed_in()).get("/knowledge/map")
        await site.tasks.finish(60)
        chromium = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield BrowserSite(site, address, chromium)
        finally:
            await chromium.close()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_every_page_is_accessible_fits_and_breaks_no_rule_of_its_own(
    world: BrowserSite, viewport: dict[str, int]
) -> None:
    axe = _axe()
    async with world.context(viewport=viewport) as context:
        await context.add_init_script(_OBSERVE)
        page = await world.signed_in(context)
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        for path in PATHS:
            expected = 404 if path == "/nothing" else 200
            answered = await page.goto(f"{world.address}/dashboard{path}")
            assert answered.status == expected, path
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
            assert len(await answered.body()) + _static_bytes() < MAX_BYTES, path
            if path == "/models/v1":
                assert await page.locator("article blockquote").count() == 2 * len(get_args(Outcome))
            if axe:
                await page.evaluate(axe)
                for scheme in ("light", "dark"):
                    await page.emulate_media(color_scheme=scheme)
                    assert not await page.evaluate(_AXE), (path, scheme)
            assert await page.evaluate("window.shifted") == 0, path
        assert [each for each in problems if "404" not in each] == []


async def test_pages_without_a_session_are_accessible(world: BrowserSite) -> None:
    axe = _axe()
    if not axe:
        pytest.skip("no axe: make browser installs it")
    async with world.context(viewport=PHONE) as context:
        page = await context.new_page()
        for path in ("/today", await world.site.link()):
            await page.goto(f"{world.address}/dashboard{path}")
            await page.evaluate(axe)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)
                assert not await page.evaluate(_AXE), (path, scheme)


async def test_without_scripts_everything_can_be_decided(world: BrowserSite) -> None:
    site = world.site
    await site.propose("noscript")
    async with world.context(java_script_enabled=False) as context:
        page = await world.signed_in(context)
        await page.click("article:has-text('noscript') button:has-text('Approve')")
        await page.wait_for_selector("text=learned as 1 passage")
        assert "noscript" in [each.title for each in await site.aion.documents.list(HERE)]
        await page.goto(f"{world.address}/dashboard/conversations")
        await page.select_option("select[name=used]", "closest")
        await page.click("button:has-text('Show')")
        await page.wait_for_url("**used=closest**")
        assert await page.locator("a.grow").count() == 1
        await page.goto(f"{world.address}/dashboard/settings")
        await page.fill("#name input[name=value]", "Clay")
        await page.click("#name button")
        await page.wait_for_selector("text=Saved")
        await page.click("footer button[lang=pt]")
        await page.wait_for_selector("html[lang=pt]")
        await page.click("footer button[lang=en]")
        await page.goto(f"{world.address}/dashboard/knowledge/map")
        await page.wait_for_selector("figure svg circle", state="attached")  # the page loads itself again until then


async def test_telegram_signs_in(world: BrowserSite) -> None:
    """What Telegram tells stands behind the address's ``#``, which our script sends on, as the policy allows."""
    group = SpaceId("telegram:-100")
    await world.site.aion.stores.spaces.change_settings(group, lambda held: held)
    world.site.roles.moderators.add((group, "telegram:42"))
    result = TelegramSignIn(datetime.now(UTC)).result()

    async def accept(route: Any) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        back = asked["return_to"][0].replace(AION, world.address)
        await route.fulfill(status=302, headers={"Location": f"{back}#tgAuthResult={result}"})

    async with world.context() as context:
        page = await context.new_page()
        await page.route(f"{TELEGRAM}/**", accept)
        await page.goto(f"{world.address}/dashboard/today")
        await page.click("text=Sign in with Telegram")
        await page.wait_for_selector("text=Welcome, Rui")
        await page.wait_for_load_state("load")
        await page.click("button")
        await page.wait_for_url("**/dashboard/today")
        assert "tgAuthResult" not in page.url and await page.locator("text=Signed in as Rui").count() == 1


async def test_a_second_press_is_not_sent(world: BrowserSite) -> None:
    await world.site.propose("pressed twice")
    async with world.context() as context:
        page = await world.signed_in(context)
        await page.dblclick("article:has-text('pressed twice') button:has-text('Approve')")
        await page.wait_for_selector("text=learned as 1 passage")


def _axe() -> str:
    """Return the source of axe-core; empty where no package brings it."""
    try:
        source = files("axe_playwright_python") / "axe.min.js"
    except ModuleNotFoundError:
        return ""
    return source.read_text(encoding="utf-8") if source.is_file() else ""


def _static_bytes() -> int:
    held = Pages().static
    return sum(len(held[name]) for name in STATIC)
