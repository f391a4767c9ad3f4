"""Signing in: once, in time, by one's own form, while one moderates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from core.dashboard.sign_in_links import SignIn
from core.dashboard.token import new_token
from core.storage.schema import dashboard_sessions, sign_in_links
from core.types import Person, Rate
from tests.dashboard import ADDRESS, HERE, RUI, Site, fields_in


async def test_a_link_signs_in_once(site: Site) -> None:
    site.roles.moderators.add((HERE, RUI.id))
    link = await site.link()
    browser, other = site.browser(), site.browser()
    for _ in range(2):  # a preview of the link uses nothing up
        offered = await browser.get(link)
        assert offered.status_code == 200 and "Welcome, Rui" in offered.text
    also = await other.get(link)
    assert (await browser.post("/sign-in", fields_in(offered.text))).url.path == "/dashboard/today"
    replayed = await other.post("/sign-in", fields_in(also.text))
    assert replayed.status_code == 403 and "used already" in replayed.text
    assert (await other.get("/today")).status_code == 401
    assert (await site.browser().get(link)).status_code == 403


async def test_a_new_link_replaces_the_one_before(site: Site) -> None:
    first = await site.link()
    second = await site.link()
    assert (await site.browser().get(first)).status_code == 403
    assert (await site.browser().get(second)).status_code == 200


async def test_an_expired_link_is_of_no_use(site: Site) -> None:
    site.roles.moderators.add((HERE, RUI.id))
    links = site.aion.services.dashboard.links
    token = await links.add(SignIn(HERE, RUI, "en"), datetime.now(UTC) - timedelta(minutes=11))
    assert (await site.browser().get(f"/sign-in?token={token}")).status_code == 403
    assert await links.use(token, datetime.now(UTC)) is None


async def test_a_forged_link_is_of_no_use(site: Site) -> None:
    site.roles.moderators.add((HERE, RUI.id))
    browser = site.browser()
    fields = fields_in((await browser.get(await site.link())).text)
    for token in ("", "x", new_token(RUI), "a.b.c", "é" * 40, "x" * 4_000):
        assert (await browser.http.get("/dashboard/sign-in", params={"token": token})).status_code == 403
        assert (await browser.post("/sign-in", fields | {"token": token})).status_code == 403


async def test_a_link_for_somebody_else_names_nobody_else(site: Site) -> None:
    """The account in a token is part of what is hashed: a changed one is another token."""
    site.roles.moderators |= {(HERE, RUI.id), (HERE, "discord:99")}
    token = (await site.link()).partition("token=")[2]
    secret, _, _ = token.partition(".")
    _, _, other = new_token(Person("discord:99", "Mallory")).partition(".")
    assert (await site.browser().get(f"/sign-in?token={secret}.{other}")).status_code == 403


async def test_a_form_of_another_site_signs_nobody_in(site: Site) -> None:
    site.roles.moderators.add((HERE, RUI.id))
    fields = fields_in((await site.browser().get(await site.link())).text)
    victim = site.browser()  # without the cookie that came with the form
    assert (await victim.post("/sign-in", fields)).status_code == 403
    browser = site.browser()
    fields = fields_in((await browser.get(await site.link())).text)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        refused = await browser.http.post("/dashboard/sign-in", data=fields, headers=headers)
        assert refused.status_code == 403
    kept = await browser.http.post("/dashboard/sign-in", data=fields, headers={"Origin": ADDRESS})
    assert kept.status_code == 200


async def test_whoever_does_not_moderate_is_not_signed_in(site: Site) -> None:
    browser = site.browser()
    fields = fields_in((await browser.get(await site.link())).text)
    assert (await browser.post("/sign-in", fields)).status_code == 403
    site.roles.moderators.add((HERE, RUI.id))
    assert (await browser.post("/sign-in", fields)).status_code == 200


async def test_the_database_holds_no_token_and_no_account(site: Site) -> None:
    link = await site.link()
    browser = await site.signed_in()
    database = site.aion.stores.database
    rows = [row for table in (sign_in_links, dashboard_sessions) for row in await database.rows(select(table))]
    held = "".join(map(str, rows))
    (cookie,) = [cookie.value or "" for cookie in browser.http.cookies.jar if cookie.name == "aion_dashboard"]
    assert held and cookie not in held and link.partition("token=")[2] not in held
    assert RUI.id not in held and HERE in held


async def test_signing_in_is_limited(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rate, "per_s", 1e-6)  # a busy machine takes seconds for so many requests
    statuses = [(await site.browser().get("/sign-in?token=x")).status_code for _ in range(61)]
    assert statuses[0] == 403 and statuses[-1] == 429
