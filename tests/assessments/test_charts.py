"""Geometry of the radar: rings, labels, and lines that open where a level is missing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.charts import RADIUS, SIZE, Dot, Label, radar

SERIES = st.lists(st.one_of(st.none(), st.floats(1, 5)), min_size=3, max_size=15)


def dots(points):
    return [Dot(*(float(number) for number in pair.split(","))) for pair in points.split()]


def from_middle(dot):
    return math.hypot(dot.x - SIZE / 2, dot.y - SIZE / 2)


def test_axes_start_at_the_top_and_go_clockwise():
    assert radar([4] * 4, [4] * 4, 4).axes == [Dot(200, 50), Dot(350, 200), Dot(200, 350), Dot(50, 200)]


def test_labels_stand_outside_the_outer_ring_in_per_cent():
    labels = radar([1] * 4, [1] * 4, 5).labels
    assert labels == [Label(50, 5), Label(95, 50), Label(50, 95), Label(5, 50)]


def test_rings_are_the_levels_of_the_framework_evenly_apart():
    rings = radar([1] * 4, [1] * 4, 3).rings
    assert [dots(ring)[0] for ring in rings] == [Dot(200, 150), Dot(200, 100), Dot(200, 50)]


def test_whole_series_is_one_closed_line_through_every_level():
    drawing = radar([1, 2, 3, 4], [4] * 4, 4)
    assert drawing.validated_is_closed
    assert [[from_middle(dot) for dot in dots(run)] for run in drawing.validated] == [[37.5, 75, 112.5, 150]]
    assert drawing.validated_dots == dots(drawing.validated[0])


def test_missing_level_opens_the_line_and_leaves_the_other_series_closed():
    drawing = radar([4, None, 4, 4], [4] * 4, 4)
    assert not drawing.validated_is_closed
    assert drawing.self_is_closed
    assert [dots(run) for run in drawing.validated] == [[Dot(200, 350), Dot(50, 200), Dot(200, 50)]]


def test_two_missing_levels_leave_two_runs():
    drawing = radar([None, 4, None, 4], [4] * 4, 4)
    assert [dots(run) for run in drawing.validated] == [[Dot(350, 200)], [Dot(50, 200)]]


def test_series_without_a_level_draws_nothing():
    drawing = radar([None] * 3, [2] * 3, 4)
    assert (drawing.validated, drawing.validated_dots, drawing.validated_is_closed) == ([], [], False)


def test_series_of_different_lengths_are_an_error():
    with pytest.raises(ValueError, match="3 validated levels, but 2"):
        radar([1, 2, 3], [1, 2], 5)


@given(SERIES)
def test_every_level_has_a_dot_inside_the_outer_ring_and_nothing_else_has(series):
    drawing = radar(series, series, 5)
    levels = sorted(level for level in series if level is not None)
    assert len(drawing.validated_dots) == len(levels)
    assert drawing.validated == drawing.self_assessed
    reached = sorted(from_middle(dot) for dot in drawing.validated_dots)
    assert reached == pytest.approx([level / 5 * RADIUS for level in levels], abs=0.1)
