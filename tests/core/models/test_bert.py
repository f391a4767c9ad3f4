"""The lean BERT beside transformers' own, on random weights."""

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from core.models.bert import read_bert


@pytest.fixture
def theirs(tmp_path: Path) -> BertModel:
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=50,
        hidden_size=24,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=40,
        max_position_embeddings=16,
        layer_norm_eps=1e-9,
        initializer_range=0.5,
    )
    model = BertModel(config, add_pooling_layer=False).train(False)
    model.save_pretrained(tmp_path)
    return model


@torch.inference_mode()
def test_hidden_states_are_those_of_transformers(theirs: BertModel, tmp_path: Path) -> None:
    ours, config = read_bert(tmp_path)
    assert config["num_hidden_layers"] == 3
    for n in (1, 7, 16):
        ids = torch.randint(50, (2, n))
        torch.testing.assert_close(ours(ids), theirs(ids).last_hidden_state, rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_padding_changes_nothing(theirs: BertModel, tmp_path: Path) -> None:
    ours, _ = read_bert(tmp_path)
    ids, mask = torch.randint(50, (3, 9)), torch.arange(9) < torch.tensor([[9], [4], [1]])
    padded = ours(ids, mask)
    for row, n in enumerate((9, 4, 1)):
        torch.testing.assert_close(padded[row, :n], ours(ids[row : row + 1, :n])[0], rtol=1e-4, atol=1e-4)


def test_a_folder_without_all_its_weights_is_refused(theirs: BertModel, tmp_path: Path) -> None:
    theirs.encoder.layer = theirs.encoder.layer[:2]
    theirs.save_pretrained(
        tmp_path, state_dict={n: w for n, w in theirs.state_dict().items() if "output.dense" not in n}
    )
    with pytest.raises(LookupError):
        read_bert(tmp_path)
