"""Rerankers from the hub: both kinds of model are scored as log-odds that a text answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForQuestionAnswering, BertForSequenceClassification, PreTrainedTokenizerFast

from core.models.hub_reader import open_hub_reader

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "choir", "meets", "on", "thursday", "when"]


def config(**more: object) -> BertConfig:
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    return BertConfig(vocab_size=len(WORDS), **sizes, **more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(tmp_path)
    return tmp_path


def test_the_label_that_entails_speaks_for_a_text(folder: Path) -> None:
    labels = {0: "CONTRADICTION", 1: "ENTAILMENT", 2: "NEUTRAL"}
    model = BertForSequenceClassification(config(num_labels=3, id2label=labels))
    model.classifier.weight.data.zero_()
    model.classifier.bias.data = torch.tensor([0.0, 2.0, 0.0])
    model.save_pretrained(folder)
    scores = open_hub_reader(str(folder), lambda: None).scores("when", ["the choir meets on thursday", "thursday"])
    assert scores == pytest.approx([2 - np.log(2)] * 2, abs=1e-4)


def test_the_best_span_is_held_against_none(folder: Path) -> None:
    model = BertForQuestionAnswering(config())
    model.qa_outputs.weight.data.zero_()
    model.qa_outputs.bias.data = torch.tensor([1.0, 0.5])
    model.save_pretrained(folder)
    (score,) = open_hub_reader(str(folder), lambda: None).scores("when", ["on thursday"])
    assert score == pytest.approx(0, abs=1e-4)
