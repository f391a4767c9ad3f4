"""The dashboard in a real Chromium, where one and playwright are found: light and dark, large and small, no scripts.

``AION_CHROMIUM`` names one, else ``chromium`` on the PATH is taken. AION needs neither, so nothing installs them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.web.app import create_app, serve
from bot.web.dashboard.router import SCREEN_ROUTES, dashboard_router
from tests.dashboard import HERE, RUI, Site, open_site

CHROMIUM = os.environ.get("AION_CHROMIUM") or shutil.which("chromium")
PAGES = [route.path for route in SCREEN_ROUTES if not route.is_action and "{" not in route.path]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium: AION_CHROMIUM names none, and none is on the PATH"),
]


@asynccontextmanager
async def served(site: Site) -> AsyncIterator[str]:
    """Serve a dashboard on a free port and give its address."""
    address = asyncio.get_running_loop().create_future()
    app = create_app([dashboard_router(site.aion, site.roles, site.tasks)])
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, address.set_result))
    try:
        yield await address
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def signed_in_page(site: Site, context: Any, address: str) -> Any:
    site.roles.moderators.add((HERE, RUI.id))
    page = await context.new_page()
    await page.goto(f"{address}/dashboard{await site.link()}")
    await page.click("button")
    await page.wait_for_url("**/dashboard/today")
    return page


async def test_every_page_fits_and_breaks_no_rule_of_its_own(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    async with open_site(tmp_path) as site, served(site) as address, playwright.async_playwright() as driver:
        await site.fill(HERE)
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme, width in (("light", 1280), ("dark", 360)):
            context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
            page = await signed_in_page(site, context, address)
            problems: list[str] = []
            page.on("console", lambda message, found=problems: found.append(message.text))
            page.on("pageerror", lambda error, found=problems: found.append(str(error)))
            for path in (*PAGES, "/proposals/1", "/conversations/1", "/knowledge/1"):
                answered = await page.goto(f"{address}/dashboard{path}")
                assert answered.status == 200, path
                too_wide = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                assert not too_wide, (path, width)
            assert not problems
            await context.close()
        await browser.close()


async def test_without_scripts_a_proposal_is_approved(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    async with open_site(tmp_path) as site, served(site) as address, playwright.async_playwright() as driver:
        await site.propose("hours")
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await signed_in_page(site, await browser.new_context(java_script_enabled=False), address)
        await page.click("button:has-text('Approve')")
        await page.wait_for_selector("text=learned as 1 passages")
        assert [each.title for each in await site.aion.documents.list(HERE)] == ["hours"]
        await browser.close()
