"""The screens Settings, Audit log, Jobs and Models: changed by the schema, recorded, and the operator's alone."""

from __future__ import annotations

import pytest

from core.dashboard.audit_log import Change
from core.jobs.regular import EVERY
from core.services.setting_schema import ANSWERS, FREE_CHANNELS, MODERATORS, NAME, RETENTION, SETTINGS
from core.texts import catalogue
from core.types import LANGUAGES, SpaceId
from tests.dashboard import RUI, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARM = "<script>alert(1)</script>"


async def test_every_setting_is_shown_and_changed(shared: Site, space: SpaceId) -> None:
    spaces = shared.aion.stores.spaces
    browser = await shared.signed_in(space)
    page = (await browser.get("/settings")).text
    assert all(f'action="/dashboard/settings/{setting.name}"' in page for setting in SETTINGS)
    for name, typed in (("answers", "sure"), ("name", "Clay"), ("retention", "90")):
        assert "Saved" in (await browser.send(f"/settings/{name}", value=typed)).text
    assert [await spaces.value(space, each) for each in (ANSWERS, NAME, RETENTION)] == ["sure", "Clay", 90]
    assert 'value="Clay"' in (await browser.get("/settings")).text
    await browser.send("/settings/name", value="")
    assert await spaces.value(space, NAME) == ""
    await spaces.set_value(space, MODERATORS, f"{space}:9")
    await spaces.set_value(space, FREE_CHANNELS, (space, "8"))
    shown = (await browser.get("/settings")).text
    assert all(f'<span class="tag">{name}</span>' in shown for name in ("#staff", "the main chat", "8"))
    await browser.send("/settings/moderators", value="off")
    assert await spaces.value(space, MODERATORS) is None
    assert "Saved" in (await browser.send("/settings/trusted_roles", value="@Helper, Potters")).text
    page = (await browser.get("/settings")).text
    assert 'value="Helper, Potters"' in page, "roles are typed, and belong to no channel"
    assert "90 days · 0: " in page and "0: None" in page, "a number says what it means"
    pages = await shared.signed_in(space, language="pt")
    await pages.send("/settings/answers", value="ensinado")
    assert await spaces.value(space, ANSWERS) == "taught"


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("answers", "never", 400),
        ("retention", "-1", 400),
        ("name", HARM, 400),
        ("moderators", "1", 400),
        ("x", "1", 404),
    ],
)
async def test_a_wrong_value_is_refused(shared: Site, space: SpaceId, name: str, value: str, status: int) -> None:
    browser = await shared.signed_in(space)
    done = await browser.send(f"/settings/{name}", value=value)
    assert done.status_code == status and HARM not in done.text
    assert await shared.aion.services.dashboard.audit.page(space, None, 9) == ()


async def test_the_audit_log_says_who_changed_what(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)
    assert "Nothing was changed here yet" in (await browser.get("/audit")).text
    audit = shared.aion.services.dashboard.audit
    for n in range(51):
        await audit.add(space, Change("p", HARM, "set", f"{HARM} {n}", HARM))
    await browser.send("/settings/tone", value="warm")
    page = (await browser.get("/audit")).text
    assert "Rui" in page and "warm" in page and HARM not in page and page.count("<tr>") == 51
    assert "before=" in page
    oldest = (await audit.page(space, None, 99))[49].id
    assert (await browser.get(f"/audit?before={oldest}")).text.count("<tr>") == 3


async def test_every_job_has_a_name() -> None:
    for language in LANGUAGES:
        assert {f"job.{name.replace('-', '_')}" for name in EVERY} <= set(catalogue(language))


async def test_jobs_and_models_are_shown(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)
    jobs = (await browser.get("/jobs")).text
    assert "gather what could not be answered" in jobs and "gather-gaps" not in jobs
    assert "Nothing was read for this community yet" in jobs
    models = (await browser.get("/models")).text
    assert "smollm2-135m-instruct" in models and "No provider has a key here" in models
    assert "the base model answers" in models


async def test_versions_are_the_operators(shared: Site, space: SpaceId) -> None:
    browser = await shared.signed_in(space)
    for path in ("/models/v1/promote", "/models/roll-back"):
        assert (await browser.send(path)).status_code == 403
    settings = shared.aion.settings
    object.__setattr__(settings, "operator_ids", RUI.id)
    try:
        assert (await browser.send("/models/v1/promote")).status_code == 404
        assert "there is no version to go back from" in (await browser.send("/models/roll-back")).text
    finally:
        object.__setattr__(settings, "operator_ids", "")


async def test_webhooks_are_shown_without_what_is_secret(shared: Site, space: SpaceId) -> None:
    hook = await shared.aion.stores.webhooks.add(space, f"https://example.org/{HARM}", ["answer.given"])
    page = (await (await shared.signed_in(space)).get("/settings")).text
    assert "example.org" in page and "answer.given" in page
    assert hook.secret not in page and HARM not in page and "alert(1)" not in page
