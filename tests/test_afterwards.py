"""What may be done to a trained table."""

from __future__ import annotations

import numpy as np

from training.afterwards import eight_bits, first_dimensions, without_components
from training.compare import BRIDGED, VARIANTS, Variant
from training.sampling import SHARES

TABLE = np.random.default_rng(0).normal(size=(200, 12)).astype(np.float32)


def test_eight_bits_are_within_half_a_step_of_each_row() -> None:
    rows = TABLE * np.linspace(0.1, 10, 200, dtype=np.float32)[:, None]
    step = np.abs(rows).max(axis=1, keepdims=True) / 127
    assert (np.abs(eight_bits(rows) - rows) <= step / 2 + 1e-6).all()
    assert len(np.unique(eight_bits(rows)[0] / step[0])) <= 12


def test_text_has_no_mean_and_no_part_along_what_was_taken_out() -> None:
    weights = np.linspace(0, 1, 200, dtype=np.float32)
    centred = without_components(TABLE, weights, 0)
    assert np.allclose(np.average(centred, axis=0, weights=weights), 0, atol=1e-5)
    scatter = (centred * weights[:, None]).T @ centred
    first_axis = np.linalg.eigh(scatter)[1][:, -1]
    left = without_components(TABLE, weights, 1)
    assert np.allclose(left @ first_axis, 0, atol=1e-4)
    assert np.linalg.matrix_rank(left, tol=1e-3) == 11


def test_all_principal_dimensions_keep_every_cosine() -> None:
    turned = first_dimensions(TABLE, 12)
    assert np.allclose(turned @ turned.T, TABLE @ TABLE.T, atol=1e-3)
    assert first_dimensions(TABLE, 4).shape == (200, 4)


def test_a_variant_leaves_out_what_it_names() -> None:
    assert Variant().kinds() == dict(SHARES)
    left = VARIANTS["without bridged pairs"].kinds()
    assert set(SHARES) - set(left) == set(BRIDGED)
    assert VARIANTS["128 dimensions"].dimension == 128
