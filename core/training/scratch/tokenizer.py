"""Byte-level BPE trained on a corpus, with a chat template; or the tokenizer of another model.

Bytes are the alphabet, so that any text can be written; each digit stands alone. Imports transformers: import it late.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from core.errors import BadInput

END = "<|end|>"
MARKS = (END, "<|system|>", "<|user|>", "<|assistant|>")

_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def train_tokenizer(texts: Iterable[str], n_tokens: int, context: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer of at most ``n_tokens`` tokens, fewer where the texts hold fewer pairs to merge. Blocks.

    ``context`` is the model's longest sequence, in tokens.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=n_tokens, special_tokens=list(MARKS), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=END,
        chat_template=_TEMPLATE,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def borrow_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a model's folder. Raises ``BadInput`` when it lacks a chat template or an end token."""
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError) as error:
        raise BadInput("scratch.no_tokenizer", folder=folder) from error
    if not tokenizer.is_fast or not tokenizer.chat_template or tokenizer.eos_token_id is None:
        raise BadInput("scratch.no_tokenizer", folder=folder)
    return tokenizer
