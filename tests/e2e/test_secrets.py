"""Keys and tokens are planted everywhere, everybody they are sent to repeats them, and no output holds one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.process import aion, start
from tests.e2e.test_serve import serving
from tests.providers import Canned, ProviderServer, delta, event, fails, streamed, write_table

PLANTED = {
    "GROQ_API_KEY": "gsk-PLANTED-groq-0123456789abcdef",
    "GEMINI_API_KEY": "AIza-PLANTED-gemini-0123456789abc",
    "OPENROUTER_API_KEY": "sk-or-PLANTED-openrouter-0123456789, sk-or-PLANTED-second-9876543210",
    "DISCORD_TOKEN": "PLANTED-discord.token.0123456789",
    "TELEGRAM_TOKEN": "123456:PLANTED-telegram-0123456789",
    "AION_SERVE_TOKEN": "PLANTED-serve-token-0123456789",
    "AION_WORKER_TOKEN": "PLANTED-worker-token-0123456789",
}
SECRETS = [secret.strip() for value in PLANTED.values() for secret in value.split(",")]
MODULE = "tests.e2e.quick_chat"

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


def repeating(*secrets: str) -> list[Canned]:
    """Return ways to fail that all repeat what they were sent."""
    said = " ".join(secrets)
    return [
        fails(401, {"error": {"message": f"Incorrect API key provided: {said}", "code": "invalid_api_key"}}),
        fails(500, f"<html>Authorization: Bearer {said}</html>", {"x-echo": said}),
        streamed(event({"error": {"message": f"upstream refused {said}"}})),
        streamed(delta("half an answer"), event({"error": {"message": f"died with {said}"}})),
    ]


def holding(found: dict[str, bytes]) -> list[tuple[str, str]]:
    """Return what holds which secret, also in part."""
    return [(name, secret) for name, data in found.items() for secret in SECRETS if secret[-12:].encode() in data]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".toml"}


async def test_the_test_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"oh no: {SECRETS[3]}")
    assert holding(files(tmp_path)) == [(str(tmp_path / "log"), SECRETS[3])]


async def test_questions_providers_and_workers_leave_no_key_behind(tmp_path: Path) -> None:
    found: dict[str, bytes] = {}
    async with ProviderServer(*repeating(*SECRETS)) as server:
        table = write_table(tmp_path / "t.toml", [(name, server.url) for name in ("groq", "gemini", "openrouter")])
        settings = {
            **{name: value for name, value in PLANTED.items() if not name.endswith("_TOKEN")},
            "AION_WORKER_TOKEN": PLANTED["AION_WORKER_TOKEN"],
            "AION_WORKERS": f"colab={server.url}",
            "AION_PROVIDERS_FILE": str(table),
        }
        for n, arguments in enumerate(
            (
                ("chat", "--once", "When do you open?"),
                ("chat", "--once", "When do you open?", "--json"),
                ("providers",),
                ("providers", "--json"),
            )
        ):
            process = await start(tmp_path, *arguments, module=MODULE, **settings)
            out, err = await asyncio.wait_for(process.communicate(), 100)
            found |= {f"stdout {n}": out, f"stderr {n}": err}
            assert process.returncode == 0, err.decode()
        assert any("authorization" in asked.headers for asked in server.asked)
    assert len(server.asked) > 4  # they were sent, and repeated
    assert "no answer from groq" in (tmp_path / "aion.log").read_text()
    assert not holding({**found, **files(tmp_path)})


async def test_the_platforms_tokens_stay_out_of_sight_when_they_are_refused(tmp_path: Path) -> None:
    for name, base in (("DISCORD_TOKEN", "DISCORD_API_BASE"), ("TELEGRAM_TOKEN", "TELEGRAM_API_BASE")):
        token = PLANTED[name]
        refusal = fails(401, {"ok": False, "error_code": 401, "message": token, "description": f"Unauthorized {token}"})
        async with ProviderServer(refusal) as server:
            settings = {name: token, base: server.url.removesuffix("/v1")}
            done = await start(tmp_path, "run", module=MODULE, **settings)
            out, err = await asyncio.wait_for(done.communicate(), 60)
        assert done.returncode == 1
        assert token.encode() not in out + err
        assert name.encode() in err  # the sentence that says what to do about it
        assert not holding({"stdout": out, "stderr": err, **files(tmp_path)})


async def test_the_services_token_is_in_no_reply_and_no_log(tmp_path: Path) -> None:
    token = PLANTED["AION_SERVE_TOKEN"]
    bodies: dict[str, bytes] = {}
    async with serving(tmp_path, module="tests.e2e.quick_serve", AION_SERVE_TOKEN=token) as (client, process):
        for n, given in enumerate((None, "wrong", token)):
            client.headers["authorization"] = f"Bearer {given}" if given else ""
            for path in ("/health", "/v1/models", "/nowhere"):
                answer = await client.get(path)
                bodies[f"{path} {n}"] = answer.content + str(answer.headers).encode()
            for path in ("/generate", "/v1/chat/completions"):
                for body in ({"prompt": token}, {"messages": []}, {"messages": [{"role": "user", "content": token}]}):
                    answer = await client.post(path, json=body)
                    bodies[f"{path} {n} {len(bodies)}"] = answer.content + str(answer.headers).encode()
        process.terminate()
        out, err = await process.communicate()
    assert not holding({**bodies, "stdout": out, "stderr": err, **files(tmp_path)})


async def test_a_wrong_setting_is_named_and_not_repeated(tmp_path: Path) -> None:
    worker = f"colab=ftp://{SECRETS[0]}@example.org"
    done = await aion(tmp_path, "chat", "--once", "x", AION_WORKERS=worker)
    assert (done.status, "AION_WORKERS" in done.err) == (1, True)
    assert not holding({"stdout": done.out.encode(), "stderr": done.err.encode(), **files(tmp_path)})
