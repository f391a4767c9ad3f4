"""Principal components equal scikit-learn's up to sign, whatever the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from core.knowledge.pca import project


@given(seed=st.integers(0, 10_000), n=st.integers(5, 80), dim=st.integers(3, 40))
@settings(max_examples=60, deadline=None)
def test_equals_scikit_learn_up_to_sign(seed, n, dim):
    draw = np.random.default_rng(seed)
    strengths = 0.6 ** np.arange(dim)  # apart: of equal ones, any direction is as good
    vectors = draw.normal(size=(n, dim)) * strengths + draw.normal(size=dim)
    theirs = PCA(n_components=3).fit(vectors)
    spread = theirs.explained_variance_
    if (spread[1:] > 0.97 * spread[:-1]).any() or spread[-1] < 1e-6:
        return
    mine = project(vectors)
    assert mine.explained == pytest.approx(theirs.explained_variance_ratio_, abs=1e-6)
    signs = np.sign((mine.components * theirs.components_).sum(axis=1))
    assert mine.components * signs[:, None] == pytest.approx(theirs.components_, abs=1e-3)
    assert mine.points * signs == pytest.approx(theirs.transform(vectors), abs=1e-3 * np.abs(vectors).max())


def test_directions_are_at_right_angles_and_variance_falls():
    mine = project(np.random.default_rng(1).normal(size=(300, 32)))
    assert mine.components @ mine.components.T == pytest.approx(np.eye(3), abs=1e-5)
    assert list(mine.explained) == sorted(mine.explained, reverse=True) and 0 < sum(mine.explained) < 1


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_points(n):
    mine = project(np.random.default_rng(2).normal(size=(n, 8)))
    assert mine.points.shape == (n, 3) and np.isfinite(mine.points).all()
    assert sum(mine.explained) == pytest.approx(1.0 if n == 2 else 0.0)


def test_equal_points_lie_on_each_other():
    mine = project(np.ones((5, 4)))
    assert mine.points == pytest.approx(np.zeros((5, 3))) and mine.explained == (0.0, 0.0, 0.0)
