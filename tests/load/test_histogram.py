"""Percentiles are those of the values themselves, to a thousandth."""

import math

import pytest
from hypothesis import given, strategies

from tests.load.histogram import Histogram


def of(*microseconds: int) -> Histogram:
    histogram = Histogram()
    for value in microseconds:
        histogram.record(value)
    return histogram


def test_small_values_are_kept_exactly() -> None:
    histogram = of(*range(1, 101))
    assert [histogram.at(p) for p in (0, 1, 50, 99, 100)] == [1, 1, 50, 99, 100]
    assert histogram.mean == 50.5


def test_nothing_has_no_percentiles() -> None:
    assert (Histogram().at(99), Histogram().mean, Histogram().curve()) == (0, 0.0, [])


def test_a_clock_that_went_back_counts_as_nothing() -> None:
    assert of(-5).at(50) == 0


@given(
    strategies.lists(strategies.integers(0, 10**9), min_size=1, max_size=200),
    strategies.floats(0, 100),
)
def test_a_percentile_is_within_a_thousandth_of_the_true_one(
    values: list[int], percentile: float
) -> None:
    true = sorted(values)[max(math.ceil(len(values) * percentile / 100 - 1e-9), 1) - 1]
    assert of(*values).at(percentile) == pytest.approx(true, rel=1 / 1000, abs=1)


def test_two_histograms_add_up() -> None:
    one, other = of(5, 10**6), of(7, 10**7)
    one.add(other)
    assert one.to_json() == of(5, 7, 10**6, 10**7).to_json()
    assert (one.total, one.highest) == (4, 10**7)


def test_the_curve_rises_and_ends_at_the_slowest() -> None:
    curve = of(*(n * n for n in range(1000))).curve()
    assert curve == sorted(curve)
    assert curve[-1] == (100.0, 999 * 999)
    assert curve[-2][0] > 99.8
