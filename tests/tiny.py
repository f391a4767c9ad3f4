"""A chat model of a few thousand weights, drawn at random: what training does to it, it does to any."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

WORDS = ["um", "dois", "três", "sim", "não", "olá", "one", "two", "three", "yes", "no", "hello", "[1]", "[2]"]
MARKS = ["<pad>", "<end>", "<system>", "<user>", "<assistant>"]

_TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}> {{ m['content'] }}"
    "{% if m['role'] == 'assistant' %} <end>{% endif %} {% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def write_tiny_model(folder: Path, seed: int = 0) -> str:
    """Write a transformers folder and return its path."""
    ids = {word: number for number, word in enumerate([*MARKS, "<unk>", *WORDS])}
    tokenizer = Tokenizer(WordLevel(ids, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.add_special_tokens(MARKS)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>", unk_token="<unk>", chat_template=_TEMPLATE
    )
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(ids),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=1,
        initializer_range=0.2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


def chat(number: int) -> list[dict[str, str]]:
    """Return a question of one word and a reply of three, the same for the same number."""
    reply = " ".join(WORDS[number % 6 : number % 6 + 3])
    return [{"role": "user", "content": WORDS[number % 14]}, {"role": "assistant", "content": reply}]
