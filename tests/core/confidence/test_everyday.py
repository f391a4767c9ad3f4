"""Everyday subjects and their vectors."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from core.confidence import everyday
from core.confidence.everyday import everyday_cosine, everyday_subjects, read_vectors, write_vectors


def test_every_subject_has_a_vector() -> None:
    vectors = everyday._shipped()
    assert vectors.shape == (len(everyday_subjects()), 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)


def test_a_question_is_as_near_as_to_its_nearest_subject() -> None:
    vectors = everyday._shipped()
    assert everyday_cosine(vectors[7]) == pytest.approx(1, abs=1e-3)
    assert everyday_cosine(-vectors[7]) < 0


def test_another_embedders_question_is_near_none() -> None:
    assert everyday_cosine(np.ones(2, np.float32)) == -1.0


def test_vectors_are_read_as_they_were_written() -> None:
    file = BytesIO()
    write_vectors(np.eye(3, 4, dtype=np.float32), file)
    file.seek(0)
    assert read_vectors(file).tolist() == np.eye(3, 4).tolist()
