from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.training.scratch.tokenizer import END, borrow_tokenizer, train_tokenizer
from tests.tiny import write_tiny_model

TOKENIZER = train_tokenizer(["the library opens at nine, the library closes at ten"] * 20, 320, 64)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    ids = TOKENIZER(text, split_special_tokens=True, add_special_tokens=False)["input_ids"]
    assert TOKENIZER.decode(ids, clean_up_tokenization_spaces=False) == text


def test_what_is_frequent_is_one_token_and_digits_stand_alone() -> None:
    assert len(TOKENIZER.tokenize(" library")) == 1
    assert len(TOKENIZER.tokenize("2026")) == 4
    assert len(TOKENIZER) <= 320


def test_its_chat_template_marks_turns_that_text_cannot_forge() -> None:
    ids: Any = TOKENIZER.apply_chat_template(
        [{"role": "user", "content": "hello"}], add_generation_prompt=True, return_dict=False
    )
    end, user, assistant = map(TOKENIZER.convert_tokens_to_ids, [END, "<|user|>", "<|assistant|>"])
    assert ids[0] == user and ids[-2:] == [end, assistant] and TOKENIZER.eos_token_id == end
    assert user not in TOKENIZER("<|user|>", split_special_tokens=True)["input_ids"]


def test_a_model_lends_its_tokenizer(tmp_path: Path) -> None:
    assert borrow_tokenizer(Path(write_tiny_model(tmp_path))).eos_token == "<end>"


def test_a_folder_without_one_lends_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no_tokenizer"):
        borrow_tokenizer(tmp_path)
    write_tiny_model(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    with pytest.raises(BadInput, match="no_tokenizer"):
        borrow_tokenizer(tmp_path)
