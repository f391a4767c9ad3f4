"""Walking the providers in order, over real sockets."""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx
import pytest
from pydantic import SecretStr

from core.errors import GenerationFailed
from core.generation.chain import Chain, open_chain
from core.generation.table import Provider, ProviderModel, read_providers
from core.types import Sampling, Turn
from tests.providers import DONE, ProviderServer, delta, fails, says, streamed, write_table

PROMPT = (Turn("user", "When do you open?"),)
ORDER = ("groq", "gemini", "huggingface")


class Walk:
    """Servers named like providers, and a chain over them."""

    def __init__(self, tmp_path, **answers):
        self.tmp_path = tmp_path
        self.servers = {name: ProviderServer(*replies) for name, replies in answers.items()}

    async def __aenter__(self):
        self.stack = AsyncExitStack()
        for server in self.servers.values():
            await self.stack.enter_async_context(server)
        self.client = await self.stack.enter_async_context(httpx.AsyncClient())
        urls = [(name, server.url) for name, server in self.servers.items()]
        self.providers = read_providers(write_table(self.tmp_path / "providers.toml", urls))
        return self

    async def __aexit__(self, *error):
        await self.stack.aclose()

    def chain(self, *names):
        keys = {f"{name.upper()}_API_KEY": SecretStr(f"key-of-{name}") for name in names}
        return open_chain(self.providers, keys, self.client)

    def n_asked(self):
        return {name: len(server.asked) for name, server in self.servers.items()}


async def read(opened):
    return "".join([piece.text async for piece in opened.pieces])


async def test_the_first_healthy_provider_answers_alone(tmp_path):
    async with Walk(tmp_path, groq=[says("from ", "groq")], gemini=[says("from gemini")]) as walk:
        opened = await walk.chain("groq", "gemini").open(PROMPT, Sampling(), "en")
        assert (opened.generator, opened.model, await read(opened)) == ("groq", "groq-1", "from groq")
        assert walk.n_asked() == {"groq": 1, "gemini": 0}


@pytest.mark.parametrize(
    "dead",
    [
        fails(429, {"error": {"message": "quota"}}),
        fails(401, {"error": {"message": "bad key"}}),
        fails(404, {"error": {"message": "gone"}}),
        fails(413, {"error": {"message": "too large"}}),
        fails(500, "<html>"),
        streamed(DONE),
        streamed(delta("  "), delta("", "stop"), DONE),
        streamed(b"data: {half\n\n"),
    ],
)
async def test_whatever_fails_before_its_first_word_the_next_one_is_asked(tmp_path, dead, caplog):
    async with Walk(tmp_path, groq=[dead], gemini=[says("from gemini")]) as walk:
        opened = await walk.chain("groq", "gemini").open(PROMPT, Sampling(), "en")
        assert (opened.generator, await read(opened)) == ("gemini", "from gemini")
        assert walk.n_asked() == {"groq": 1, "gemini": 1}
    assert "groq/groq-1" in caplog.text
    assert "key-of-groq" not in caplog.text


async def test_only_providers_with_a_key_are_asked(tmp_path):
    async with Walk(tmp_path, groq=[says("a")], gemini=[says("b")], huggingface=[says("c")]) as walk:
        chain = walk.chain("huggingface")
        assert chain.names == ("huggingface",)
        assert await read(await chain.open(PROMPT, Sampling(), "en")) == "c"
        assert walk.n_asked() == {"groq": 0, "gemini": 0, "huggingface": 1}


async def test_a_blank_key_is_no_key(tmp_path):
    async with Walk(tmp_path, groq=[says("a")]) as walk:
        assert not open_chain(walk.providers, {"GROQ_API_KEY": SecretStr("  ")}, walk.client)


async def test_when_all_fail_the_chain_says_what_each_did(tmp_path):
    async with Walk(tmp_path, groq=[fails(429)], gemini=[fails(500)]) as walk:
        with pytest.raises(GenerationFailed, match=r"groq/groq-1 quota 429.*gemini/gemini-1 server 500"):
            await walk.chain("groq", "gemini").open(PROMPT, Sampling(), "en")


async def test_once_a_word_was_shown_nobody_else_is_asked(tmp_path):
    async with Walk(tmp_path, groq=[streamed(delta("half"))], gemini=[says("other")]) as walk:
        opened = await walk.chain("groq", "gemini").open(PROMPT, Sampling(), "en")
        texts = []
        with pytest.raises(GenerationFailed):
            async for piece in opened.pieces:
                texts += [piece.text]
        assert texts == ["half"]
        assert walk.n_asked()["gemini"] == 0


def two_models(url):
    models = (ProviderModel("a"), ProviderModel("b"))
    return Provider("solo", url, "SOLO_API_KEY", models, frozenset({"en"}), False, 4000, 300)


@pytest.mark.parametrize(("status", "n_asked"), [(401, 1), (429, 2), (404, 2), (500, 2)])
async def test_a_wrong_key_rules_out_every_model_of_its_provider(status, n_asked):
    async with ProviderServer(fails(status)) as server, httpx.AsyncClient() as client:
        chain = open_chain([two_models(server.url)], {"SOLO_API_KEY": SecretStr("key-of-solo")}, client)
        with pytest.raises(GenerationFailed):
            await chain.open(PROMPT, Sampling(), "en")
        assert len(server.asked) == n_asked


async def test_a_provider_is_not_asked_for_a_language_it_does_not_write():
    async with ProviderServer(says("hello")) as server, httpx.AsyncClient() as client:
        chain = open_chain([two_models(server.url)], {"SOLO_API_KEY": SecretStr("key-of-solo")}, client)
        with pytest.raises(GenerationFailed, match="nobody to ask"):
            await chain.open(PROMPT, Sampling(), "pt")
        assert server.asked == []


async def test_a_paid_provider_is_off_until_it_is_allowed_money():
    keys = {provider.key_env: SecretStr("a-key") for provider in read_providers()}
    async with httpx.AsyncClient() as client:
        free = open_chain(read_providers(), keys, client)
        paid = open_chain(read_providers(), keys, client, monthly_usd=5.0)
    assert free.names == ("groq", "gemini", "huggingface", "openrouter")
    assert paid.names == (*free.names, "openai")


async def test_an_empty_chain_is_legal_and_false():
    assert not Chain()
    assert Chain().names == ()
    with pytest.raises(GenerationFailed):
        await Chain().open(PROMPT, Sampling(), "en")


async def test_leaving_early_hangs_up(tmp_path):
    async with Walk(tmp_path, groq=[streamed(delta("one"), 60.0)]) as walk:
        opened = await walk.chain("groq").open(PROMPT, Sampling(), "en")
        assert (await anext(opened.pieces)).text == "one"
        await opened.pieces.aclose()
        assert not walk.client._transport._pool.connections
