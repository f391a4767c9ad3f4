"""Linear layers in 8-bit integers, against the ones they stand for."""

import pytest
import torch
from torch import nn

from core.models.int8 import Int8Linear, to_int8


def error_of(linear: nn.Linear, x: torch.Tensor, *, is_fine: bool) -> float:
    """Return the root mean square of what is wrong, relative to the output's."""
    with torch.inference_mode():
        wrong = Int8Linear(linear, is_fine=is_fine)(x) - linear(x)
        return float(wrong.square().mean().sqrt() / linear(x).square().mean().sqrt())


@pytest.fixture
def linear() -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(96, 64)


def test_it_is_near_the_layer_it_stands_for(linear: nn.Linear) -> None:
    x = torch.randn(2, 40, 96)
    assert error_of(linear, x, is_fine=False) < 0.015
    assert error_of(linear, x, is_fine=True) < 0.01


def test_fine_activations_survive_a_large_value_among_small_ones(linear: nn.Linear) -> None:
    x = torch.randn(40, 96)
    x[:, 7] = 100.0
    with torch.no_grad():
        linear.weight[:, 7] = 0.0
    assert error_of(linear, x, is_fine=False) > 0.15
    assert error_of(linear, x, is_fine=True) < 0.01


def test_whole_numbers_are_exact() -> None:
    torch.manual_seed(2)
    linear = nn.Linear(32, 16)
    with torch.no_grad():
        linear.weight.copy_(torch.randint(-127, 128, (16, 32)))
        linear.weight[:, 0] = 127
    x = torch.randint(-127, 128, (24, 32)).float()
    x[:, 0] = 127
    with torch.inference_mode():
        torch.testing.assert_close(Int8Linear(linear, is_fine=False)(x), linear(x))


@pytest.mark.parametrize("is_fine", [True, False])
def test_zeros_stay_zeros(is_fine: bool) -> None:
    linear = nn.Linear(32, 16, bias=False)
    with torch.inference_mode():
        assert not Int8Linear(linear, is_fine=is_fine)(torch.zeros(20, 32)).any()
        nn.init.zeros_(linear.weight)
        assert not Int8Linear(linear, is_fine=is_fine)(torch.randn(20, 32)).any()


def test_every_linear_layer_of_a_model_is_replaced() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.value = nn.Linear(32, 32)
            self.norm = nn.LayerNorm(32)

    model = nn.Sequential(Block(), nn.Sequential(nn.Linear(32, 32)))
    asked: list[str] = []
    to_int8(model, is_fine=lambda name: asked.append(name) is None)
    assert asked == ["0.value", "1.0"]
    assert isinstance(model[0].value, Int8Linear)
    assert isinstance(model[1][0], Int8Linear)
    assert isinstance(model[0].norm, nn.LayerNorm)
