"""The arithmetic of benchmarks/calibration.py."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.calibration import Row, area_under_curve, fit, summary


def test_the_area_counts_pairs_in_the_right_order() -> None:
    values = np.array([0.9, 0.5, 0.5, 0.1])
    positive = np.array([True, True, False, False])
    assert area_under_curve(values, positive) == pytest.approx((1 + 1 + 0.5 + 1) / 4)


def test_the_fit_finds_the_line_that_parts_two_groups() -> None:
    chance = np.random.default_rng(0)
    scores = chance.normal(size=(400, 2))
    answerable = (2 * scores[:, 0] - scores[:, 1] + 0.5 > 0).astype(np.float64)
    weights = fit(scores, answerable)
    assert weights[0] / weights[1] == pytest.approx(-2, rel=0.2)
    assert ((scores @ weights[:2] + weights[2] > 0) == (answerable > 0)).mean() > 0.97


def test_the_summary_tells_the_kinds_of_questions_apart() -> None:
    rows = [Row("same", float(i % 2), 0.0, bool(i % 2)) for i in range(20)]
    rows += [Row("cross", float(i % 2), 0.0, bool(i // 2 % 2)) for i in range(20)]
    found = summary(rows)
    assert found["same"]["auroc"] == 1.0  # type: ignore[index]
    assert found["cross"]["auroc"] == 0.5  # type: ignore[index]
