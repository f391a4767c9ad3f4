"""A local model behind an OpenAI-compatible server, over the loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import GenerationFailed, Unavailable
from core.generation.local.factory import open_served
from core.types import LoraVersion, PromptTurn, Sampling
from tests.providers import DONE, Canned, ProviderServer, event, says, streamed

ASK = (PromptTurn("user", "Hi"),)


async def test_a_server_is_asked_with_its_model_and_key() -> None:
    async with ProviderServer(says("Good ", "day.")) as server:
        local = open_served(server.url, "qwen3:4b", SecretStr("made-up-key-123"))
        pieces = [piece async for piece in local.stream(ASK, Sampling(seed=5))]
        (asked,) = server.asked
    assert "".join(piece.text for piece in pieces) == "Good day."
    assert (local.name, local.model, local.style) == ("local", "qwen3:4b", "full")
    assert asked.headers["authorization"] == "Bearer made-up-key-123"
    assert (asked.body["model"], asked.body["temperature"], asked.body["seed"]) == ("qwen3:4b", 0.6, 5)
    await local.close()


async def test_without_a_key_none_is_sent_and_log_probs_are_kept() -> None:
    choice = {"delta": {"content": "Yes."}, "finish_reason": "stop", "logprobs": {"content": [{"logprob": -0.25}]}}
    async with ProviderServer(streamed(event({"choices": [choice]}), DONE)) as server:
        (piece,) = [piece async for piece in open_served(server.url, "m", None).stream(ASK, Sampling())]
        assert "authorization" not in server.asked[0].headers
    assert (piece.text, piece.log_probs) == ("Yes.", (-0.25,))


async def test_one_that_fails_writes_nothing() -> None:
    async with ProviderServer(Canned((b"{}",), status=500)) as server:
        with pytest.raises(GenerationFailed):
            _ = [piece async for piece in open_served(server.url, "m", None).stream(ASK, Sampling())]
    with pytest.raises(GenerationFailed):
        _ = [piece async for piece in open_served("http://127.0.0.1:9/v1", "m", None).stream(ASK, Sampling())]


async def test_an_address_must_be_one() -> None:
    with pytest.raises(Unavailable, match="AION_LOCAL_URL"):
        open_served("localhost", "m", None)


async def test_weights_are_for_the_server_to_load(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as raised:
        await open_served("http://127.0.0.1:9/v1", "m", None).use_lora(LoraVersion("v1", tmp_path))
    assert raised.value.key == "models.lora_elsewhere"
