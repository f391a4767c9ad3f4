"""Signing in by Discord and Telegram: who somebody is from the platform, once; whether they moderate from its chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.web.dashboard.platform_sign_in.discord_oauth import DiscordOAuth
from bot.web.dashboard.platform_sign_in.routes import SignInPlatforms, platforms_of
from bot.web.dashboard.platform_sign_in.telegram_login import TelegramLogin
from core.settings import Settings
from core.types import Person, SpaceId
from tests.dashboard import ADDRESS, HERE, RUI, Browser, Site, fields_in, open_site
from tests.sign_in_platforms import BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, DiscordSignIn, TelegramSignIn

DONE = f"{ADDRESS}/dashboard/sign-in/discord/done"
GROUP = SpaceId("telegram:-100")


@dataclass
class SignInWorld:
    """A dashboard, and both platforms that one signs in to it by."""

    site: Site
    discord: DiscordSignIn
    telegram: TelegramSignIn

    async def back_from_discord(self, browser: Browser) -> str:
        """Go to Discord, where the account is used, and return the path that it sends the browser back to."""
        left = await browser.http.get("/dashboard/sign-in/discord", follow_redirects=False)
        async with httpx.AsyncClient() as http:
            sent = await http.get(left.headers["location"])
        return sent.headers["location"].removeprefix(f"{ADDRESS}/dashboard")

    async def state_of_telegram(self, browser: Browser) -> str:
        """Go to Telegram, and return the state of the sign-in that this began."""
        left = await browser.http.get("/dashboard/sign-in/telegram", follow_redirects=False)
        async with httpx.AsyncClient() as http:
            sent = await http.get(left.headers["location"])
        address, _, result = sent.headers["location"].partition("#tgAuthResult=")
        assert result == self.telegram.result()
        return parse_qs(urlsplit(address).query)["state"][0]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SignInWorld]:
    async with DiscordSignIn(redirect_uris={DONE}) as discord, TelegramSignIn(datetime.now(UTC)) as telegram:
        oauth = DiscordOAuth(CLIENT_ID, CLIENT_SECRET, DONE, discord.address, f"{discord.address}/authorize")
        done = f"{ADDRESS}/dashboard/sign-in/telegram/done"
        login = TelegramLogin(BOT_TOKEN, ADDRESS, done, telegram.address)
        async with open_site(tmp_path, SignInPlatforms(oauth, login)) as site:
            for space in (HERE, SpaceId("discord:2"), GROUP):
                await site.aion.stores.spaces.change_settings(space, lambda settings: settings)
            yield SignInWorld(site, discord, telegram)


async def test_discord_signs_in_where_one_moderates(world: SignInWorld) -> None:
    site = world.site
    site.roles.moderators |= {(HERE, RUI.id), (GROUP, "telegram:42")}
    browser = site.browser()
    assert "Sign in with Discord" in (await browser.get("/today")).text
    offered = await browser.get(await world.back_from_discord(browser))
    assert "Welcome, Rui" in offered.text and "Casa Aberta" in offered.text and "discord:2" not in offered.text
    assert world.discord.tokens == world.discord.revoked, "the token is of no more use"
    assert (await browser.post("/sign-in", fields_in(offered.text))).url.path == "/dashboard/today"
    site.roles.moderators.clear()
    assert (await browser.get("/today")).status_code == 403


async def test_one_chooses_among_communities(world: SignInWorld) -> None:
    site = world.site
    site.roles.moderators |= {(HERE, RUI.id), (SpaceId("discord:2"), RUI.id)}
    browser = site.browser()
    offered = (await browser.get(await world.back_from_discord(browser))).text
    assert offered.count('name="token"') == 2
    first = fields_in(offered[: offered.index("</form>")])
    opened = await browser.post("/sign-in", first)
    assert "Casa Aberta" in opened.text


async def test_nobody_signs_in_who_moderates_nothing(world: SignInWorld) -> None:
    browser = world.site.browser()
    refused = await browser.get(await world.back_from_discord(browser))
    assert refused.status_code == 403 and "moderate no community" in refused.text
    world.discord.user["bot"] = True
    world.site.roles.moderators.add((HERE, RUI.id))
    assert (await browser.get(await world.back_from_discord(browser))).status_code == 403


async def test_a_way_back_is_used_once_and_by_its_own_browser(world: SignInWorld) -> None:
    world.site.roles.moderators.add((HERE, RUI.id))
    browser, other = world.site.browser(), world.site.browser()
    path = await world.back_from_discord(browser)
    assert (await other.get(path)).status_code == 403, "another browser began it: no sign-in as somebody else"
    assert (await browser.get(path.replace("state=", "state=x"))).status_code == 403
    path = await world.back_from_discord(browser)
    assert (await browser.get(path)).status_code == 200
    assert (await browser.get(path)).status_code == 403


async def test_a_code_without_its_verifier_is_refused(world: SignInWorld) -> None:
    """A code that was caught on its way is of no use in a sign-in that somebody else began."""
    world.site.roles.moderators.add((HERE, RUI.id))
    browser, thief = world.site.browser(), world.site.browser()
    caught = parse_qs((await world.back_from_discord(browser)).partition("?")[2])["code"][0]
    own = await world.back_from_discord(thief)
    state = parse_qs(own.partition("?")[2])["state"][0]
    refused = await thief.get(f"/sign-in/discord/done?code={caught}&state={state}")
    assert refused.status_code == 403 and "token" not in fields_in(refused.text)


async def test_what_discord_may_answer_else(world: SignInWorld) -> None:
    world.site.roles.moderators.add((HERE, RUI.id))
    browser = world.site.browser()
    world.discord.refuses = True
    assert (await browser.get(await world.back_from_discord(browser))).status_code == 403
    world.discord.refuses = False
    for status in (500, 429):
        world.discord.fails_with = status
        silent = await browser.get(await world.back_from_discord(browser))
        assert silent.status_code == 503 and "Discord" not in silent.headers.get("location", "")
    world.discord.fails_with = 0
    for user in ([], {"id": "x", "username": "y"}, {"id": 42, "username": "y"}):
        world.discord.user = user  # type: ignore[assignment]  # what no account is
        assert (await browser.get(await world.back_from_discord(browser))).status_code == 503


async def test_telegram_signs_in_where_one_moderates(world: SignInWorld) -> None:
    site = world.site
    site.roles.moderators |= {(HERE, "discord:42"), (GROUP, "telegram:42")}
    browser = site.browser()
    assert "Sign in with Telegram" in (await browser.get("/today")).text
    state = await world.state_of_telegram(browser)
    shown = await browser.get(f"/sign-in/telegram/done?state={state}")
    fields = fields_in(shown.text) | {"result": world.telegram.result()}
    offered = await browser.post("/sign-in/telegram/done", fields)
    assert "Welcome, Rui" in offered.text and GROUP in offered.text and HERE not in offered.text
    assert (await browser.post("/sign-in/telegram/done", fields)).status_code == 403, "used once"
    assert (await browser.post("/sign-in", fields_in(offered.text))).url.path == "/dashboard/today"


async def test_forged_and_old_data_of_telegram_is_refused(world: SignInWorld) -> None:
    world.site.roles.moderators |= {(GROUP, "telegram:42"), (GROUP, "telegram:7")}
    browser = world.site.browser()
    forged = [
        "",
        "x",
        "é",
        "W10",
        world.telegram.result(token="1234567:another-made-up-token"),
        world.telegram.result(id=7),
        world.telegram.result(hash=""),
        world.telegram.result(username="eve"),
        "a" * 10_000,
    ]
    now = datetime.now(UTC)
    forged += [TelegramSignIn(now - aged).result() for aged in (timedelta(minutes=6), -timedelta(minutes=2))]
    for result in forged:
        fields = {"state": await world.state_of_telegram(browser), "result": result}
        refused = await browser.post("/sign-in/telegram/done", fields)
        assert refused.status_code == 403 and "token" not in fields_in(refused.text), result[:40]
    fields = {"state": await world.state_of_telegram(browser), "result": world.telegram.result()}
    cross = await browser.http.post(
        "/dashboard/sign-in/telegram/done", data=fields, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert cross.status_code == 403
    assert (await world.site.browser().post("/sign-in/telegram/done", fields)).status_code == 403, "another browser"


async def test_names_are_no_markup(world: SignInWorld) -> None:
    harm = "<script>alert(1)</script>"
    world.discord.user["global_name"] = harm
    world.site.roles.moderators.add((HERE, RUI.id))
    browser = world.site.browser()
    page = (await browser.get(await world.back_from_discord(browser))).text
    assert harm not in page and "&lt;script&gt;" in page
    page = (await browser.get('/sign-in/telegram/done?state="><script>alert(1)</script>')).text
    assert harm not in page


async def test_a_platform_that_is_not_configured_has_no_door(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        browser = site.browser()
        assert "Sign in with" not in (await browser.get("/today")).text
        for path in ("/sign-in/discord", "/sign-in/discord/done?code=x&state=x", "/sign-in/telegram"):
            assert (await browser.get(path)).status_code == 404


def test_the_settings_say_which_platforms_there_are(tmp_path: Path) -> None:
    def named(**settings: object) -> tuple[str, ...]:
        return platforms_of(Settings.model_validate({"AION_DATA_DIR": tmp_path, **settings})).names

    discord = {"AION_DISCORD_CLIENT_ID": "1234", "AION_DISCORD_CLIENT_SECRET": "made-up"}
    telegram = {"AION_TELEGRAM_LOGIN": "yes", "TELEGRAM_TOKEN": BOT_TOKEN}
    assert named(AION_HEALTH_PORT=1) == ()
    assert named(**discord, **telegram) == (), "no dashboard is served"
    assert named(AION_HEALTH_PORT=1, **discord) == ("discord",)
    assert named(AION_HEALTH_PORT=1, **discord, **telegram) == ("discord", "telegram")
    assert named(AION_HEALTH_PORT=1, AION_DISCORD_CLIENT_ID="1234", AION_TELEGRAM_LOGIN="yes") == ()


def test_who_somebody_is_comes_from_the_platform() -> None:
    login = TelegramLogin(BOT_TOKEN, ADDRESS, ADDRESS)
    now = datetime.now(UTC)
    assert login.account(TelegramSignIn(now).result(), now) == Person("telegram:42", "Rui")
