"""The reader's network: what is learned is merged exactly, and any hub model can stand in for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
)

from core.models.hub_reader import open_hub_reader
from core.models.reader import (
    N_FROZEN,
    N_LAYERS,
    LowRank,
    ReaderNet,
    apply_learned,
    is_learned_whole,
    laid_out,
)

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "choir", "meets", "on", "thursday", "when"]


def config(**more: object) -> BertConfig:
    sizes = {"hidden_size": 16, "num_hidden_layers": N_LAYERS, "num_attention_heads": 2, "intermediate_size": 24}
    return BertConfig(vocab_size=len(WORDS), **sizes, **more)


def net(bert: BertModel) -> ReaderNet:
    return ReaderNet(bert).train(False)


def test_what_was_learned_is_merged_exactly() -> None:
    torch.manual_seed(0)
    weights = BertModel(config(), add_pooling_layer=False).state_dict()

    def fresh() -> ReaderNet:
        bert = BertModel(config(), add_pooling_layer=False)
        bert.load_state_dict(weights)
        return net(bert)

    taught = fresh()
    for name, module in list(taught.layers.named_modules()):
        if isinstance(module, torch.nn.Linear):
            parent, _, attribute = name.rpartition(".")
            low = LowRank(module)
            low.up.data = torch.randn_like(low.up)
            setattr(taught.layers.get_submodule(parent), attribute, low)
    learned = {
        name.removeprefix("layers.") if name.endswith((".down", ".up")) else name: value.detach().numpy()
        for name, value in taught.named_parameters()
        if is_learned_whole(name) or name.endswith((".down", ".up"))
    }
    merged = fresh()
    apply_learned(merged, learned)
    ids, question, text = laid_out([4, 5], [6, 7, 8], 2, 3)
    mask = torch.ones_like(text)
    with torch.inference_mode():
        one, other = (n.judge(n.read(ids, mask), mask, question, text) for n in (taught, merged))
    assert one[0].item() == pytest.approx(other[0].item(), abs=1e-4)
    assert len(merged.frozen) == N_FROZEN and len(merged.layers) == N_LAYERS - N_FROZEN


def test_a_reading_does_not_depend_on_what_is_padded_beside_it() -> None:
    torch.manual_seed(0)
    reader = net(BertModel(config(), add_pooling_layer=False))
    ids, question, text = laid_out([4, 5], [6, 7, 8], 2, 3)
    alone = torch.ones_like(text)

    def wider(row: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.pad(row, (0, 4))

    with torch.inference_mode():
        one, _ = reader.judge(reader.read(ids, alone), alone, question, text)
        mask = wider(alone)
        padded, marks = reader.judge(reader.read(wider(ids), mask), mask, wider(question), wider(text))
    assert one.item() == pytest.approx(padded.item(), abs=1e-4)
    no_place = ~wider(text)[0]
    no_place[0] = False  # it stands for "there is none"
    assert (marks[0, no_place] == -1e4).all()
    assert marks[0, 0].min() > -1e4


def test_tokens_are_laid_out_with_marks_around_question_and_text() -> None:
    ids, question, text = laid_out([11, 12], [21, 22, 23], 1, 2)
    assert ids.tolist() == [[1, 11, 12, 2, 21, 22, 23, 2]]
    assert ids[question].tolist() == [11, 12]
    assert ids[text].tolist() == [21, 22, 23]


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
    reader = open_hub_reader(str(folder), lambda: None)
    assert reader.log_odds("when", "the choir meets on thursday") == pytest.approx(2 - np.log(2), abs=1e-4)
    assert len(reader.scores("when", ["the choir", "thursday"])) == 2
    assert reader.count_tokens("the choir") == 2


def test_the_best_span_is_held_against_none(folder: Path) -> None:
    model = BertForQuestionAnswering(config())
    model.qa_outputs.weight.data.zero_()
    model.qa_outputs.bias.data = torch.tensor([1.0, 0.5])
    model.save_pretrained(folder)
    assert open_hub_reader(str(folder), lambda: None).log_odds("when", "on thursday") == pytest.approx(0, abs=1e-4)


@pytest.mark.model
def test_an_answer_reads_better_than_a_near_miss(models_dir: Path) -> None:
    from core.models.catalog import e5_folder
    from core.models.reader import E5Reader

    reader = E5Reader(e5_folder(models_dir, lambda key: None))
    pairs = [
        (
            "When does the choir rehearse?",
            "The choir rehearses every Thursday at 19:30.",
            "The choir has forty members.",
        ),
        ("Quem dirige o coro?", "O coro é dirigido por Marta Lopes.", "O coro ensaia às quintas-feiras na escola."),
        ("In what year was the tower built?", "The tower was built in 1421.", "The tower is made of red brick."),
    ]
    for question, answer, near_miss in pairs:
        assert reader.log_odds(question, answer) > reader.log_odds(question, near_miss) + 1
    assert np.isfinite(reader.log_odds("?" * 2_000, "\ud800 word " * 2_000))
