"""The table of providers: the one that ships, and the operator's own."""

from __future__ import annotations

import dataclasses
import tomllib
from importlib.resources import files

import pytest

from core.errors import Unavailable
from core.generation.providers.catalogue import read_providers

GOOD = """
[[provider]]
name = "mine"
base_url = "http://127.0.0.1:8000/v1"
key_env = "MINE_API_KEY"
paid = false
languages = ["pt"]
context_tokens = 3000
max_output_tokens = 400
models = [{ id = "m1" }, { id = "m2", extra = { top_k = 1 } }]
"""


def test_the_shipped_table_has_the_order_and_the_keys_of_the_specification():
    providers = read_providers()
    assert [(provider.name, provider.key_env) for provider in providers] == [
        ("groq", "GROQ_API_KEY"),
        ("gemini", "GEMINI_API_KEY"),
        ("huggingface", "HUGGINGFACE_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"),
        ("openai", "OPENAI_API_KEY"),
    ]
    assert [provider.name for provider in providers if provider.paid] == ["openai"]


def test_the_shipped_table_asks_each_api_in_words_it_accepts():
    providers = {provider.name: provider for provider in read_providers()}
    assert providers["openai"].fields == {"max_new_tokens": "max_completion_tokens", "temperature": "", "top_p": ""}
    for provider in providers.values():
        assert provider.base_url.startswith("https://")
        # Thinking counts as output at several of them: a tighter cap comes back empty.
        assert 512 <= provider.max_output_tokens <= 2048
    # Groq holds prompt and reply cap together against 8,000 tokens a minute.
    assert providers["groq"].context_tokens + providers["groq"].max_output_tokens < 8000
    # gpt-oss refuses "none".
    # Nothing free is without a limit of some kind, and nothing paid without a price.
    for provider in providers.values():
        for model in provider.models:
            limits = [*vars(provider.limits).values(), *vars(model.limits).values()]
            assert provider.paid or any(limit is not None for limit in limits), model.id
            assert not provider.paid or min(model.usd_per_million.prompt, model.usd_per_million.completion) > 0
    efforts = {m.extra.get("reasoning_effort") for p in providers.values() for m in p.models if "gpt-oss" in m.id}
    assert efforts == {"low"}


def test_the_operators_table_replaces_ours(tmp_path):
    path = tmp_path / "providers.toml"
    path.write_text(GOOD, encoding="utf-8")
    (provider,) = read_providers(path)
    assert (provider.name, provider.languages, provider.models[1].extra) == ("mine", frozenset({"pt"}), {"top_k": 1})
    with pytest.raises(dataclasses.FrozenInstanceError):
        provider.paid = True


def test_an_empty_table_is_legal(tmp_path):
    path = tmp_path / "providers.toml"
    path.write_text("", encoding="utf-8")
    assert read_providers(path) == ()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('name = "mine"\n', "", "name"),
        ("paid = false", "paid = false\nsurprise = 1", "surprise"),
        ("paid = false", 'paid = false\nday_zone = "Mars/Olympus"', "day_zone"),
        ("paid = false", "paid = false\nlimits = { requests_per_day = 0 }", "requests_per_day"),
        ("paid = false", "paid = false\nsoft_share = 80", "soft_share"),
        ("http://127.0.0.1:8000/v1", "ftp://127.0.0.1", "base_url"),
        ('["pt"]', '["klingon"]', "languages"),
        ("context_tokens = 3000", "context_tokens = 0", "context_tokens"),
        ('[{ id = "m1" }, { id = "m2", extra = { top_k = 1 } }]', "[]", "models"),
        ("[[provider]]", "[[provider", "AION_PROVIDERS_FILE"),
    ],
)
def test_a_wrong_table_is_one_sentence_that_names_the_fault(tmp_path, old, new, named):
    path = tmp_path / "providers.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(Unavailable) as caught:
        read_providers(path)
    assert caught.value.key == "settings.wrong"
    assert named in str(caught.value)


def test_a_missing_table_is_one_sentence(tmp_path):
    with pytest.raises(Unavailable):
        read_providers(tmp_path / "nowhere.toml")


def test_the_shipped_table_says_of_each_plan_whether_it_trains_on_what_it_is_sent():
    text = (files("core.generation.providers") / "providers.toml").read_text(encoding="utf-8")
    assert all("trains_on_prompts" in each for each in tomllib.loads(text)["provider"])
    trains = {each.name: each.trains_on_prompts for each in read_providers()}
    assert trains == {
        **dict.fromkeys(("gemini", "openrouter"), True),
        **dict.fromkeys(("groq", "openai"), False),
        "huggingface": "unknown",
    }
    assert [each.name for each in read_providers() if not each.may_train] == ["groq", "openai"]
