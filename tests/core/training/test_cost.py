from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from core.errors import BadInput
from core.training.cost import GpuPlace, Shape, TrainingWork, estimate_cost, flops, memory_gib, read_hardware, shape_of
from core.training.student import LoraShape, open_student
from tests.tiny import write_tiny_model

HARDWARE = read_hardware()
MISTRAL = HARDWARE.models["mistralai/Mistral-7B-Instruct-v0.3"]
WORK = TrainingWork(n_examples=1000, tokens_each=500)


@pytest.mark.parametrize(
    ("model", "n_params"),
    [
        ("smollm2-135m-instruct", 134_515_008),
        ("mistralai/Mistral-7B-Instruct-v0.3", 7_248_023_552),
        ("meta-llama/Meta-Llama-3-8B-Instruct", 8_030_261_248),
        ("microsoft/Phi-3-mini-4k-instruct", 3_821_079_552),
        ("google/gemma-7b-it", 8_537_680_896),
    ],
)
def test_known_models_have_as_many_weights_as_their_makers_say(model: str, n_params: int):
    assert HARDWARE.models[model].n_params == n_params


def test_a_model_in_a_folder_is_counted_as_torch_counts_it(tmp_path: Path):
    name = write_tiny_model(tmp_path)
    shape = shape_of(name, HARDWARE)
    config = LlamaConfig.from_pretrained(name)
    assert shape.n_params == sum(weights.numel() for weights in LlamaForCausalLM(config).parameters())
    student = open_student(name, tmp_path, LoraShape(rank=4), 0, lambda key: None)
    assert shape.n_lora_params(4) == sum(weights.numel() for weights in student.weights.values())


def test_qlora_of_seven_billion_fits_a_free_gpu_at_the_specifications_settings():
    assert MISTRAL.n_lora_params(16) == 41_943_040
    for place in HARDWARE.places:
        found = estimate_cost(MISTRAL, WORK, place)
        assert found.fits
        assert found.rows == 2
    assert 6 < memory_gib(MISTRAL, WORK, 2) < 14.7
    in_16_bits = 2 * MISTRAL.n_params / 2**30
    assert in_16_bits > 13  # without 4 bits the weights alone would fill it


def test_what_does_not_fit_is_halved_and_what_never_fits_is_said():
    place = HARDWARE.places[0]
    large = estimate_cost(MISTRAL, replace(WORK, rows=16, n_accumulated=2), place)
    assert large.fits
    assert large.rows < 16
    huge = Shape(8192, 80, 64, 28672, 128256, 8)
    assert not estimate_cost(huge, WORK, place).fits


def test_sessions_and_weeks_follow_from_the_hours():
    place = GpuPlace("here", "T4", 15, 10, 0.36, session_hours=9, week_hours=30, setup_hours=1)
    work = replace(WORK, n_examples=10_000)
    found = estimate_cost(MISTRAL, work, place)
    assert found.hours == pytest.approx(flops(MISTRAL, work) / 3.6e12 / 3600)
    assert (found.n_sessions - 1) * 8 < found.hours <= found.n_sessions * 8
    assert found.weeks == pytest.approx((found.hours + found.n_sessions) / 30)
    assert work.n_steps == 313


@given(st.integers(1, 16), st.integers(1, 64), st.integers(64, 4096))
def test_more_rows_rank_and_length_never_take_less_memory(rows: int, rank: int, length: int):
    work = replace(WORK, rank=rank, max_length=length)
    memory = memory_gib(MISTRAL, work, rows)
    assert memory_gib(MISTRAL, work, rows + 1) > memory
    assert memory_gib(MISTRAL, replace(work, rank=rank + 1), rows) > memory
    assert memory_gib(MISTRAL, replace(work, max_length=length + 64), rows) > memory


@pytest.mark.parametrize("content", ["[[place]]\nname = 3", "not toml", "[model.x]\nhidden_size = 0"])
def test_a_hardware_file_that_is_none_is_refused(tmp_path: Path, content: str):
    (tmp_path / "mine.toml").write_text(content)
    with pytest.raises(BadInput):
        read_hardware(tmp_path / "mine.toml")


def test_a_model_that_is_not_known_is_named(tmp_path: Path):
    (tmp_path / "config.json").write_text(json.dumps({"hidden_size": 5}))
    for model in (str(tmp_path), "nobody/has-this"):
        with pytest.raises(BadInput) as refused:
            shape_of(model, HARDWARE)
        assert refused.value.key == "plan.unknown_model"
