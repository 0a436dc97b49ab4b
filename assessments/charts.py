"""Geometry of charts, as plain numbers for templates; the same for the web and for print. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SIZE = 400  # the radar's viewBox is SIZE × SIZE
RADIUS = 150


@dataclass(frozen=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True)
class Label:
    """Where a label stands over the radar, in per cent of its width and height."""

    left: float
    top: float


@dataclass(frozen=True)
class Radar:
    """Rings, axes, labels and both series of an n-sided radar; a missing level opens the line."""

    rings: Sequence[str]  # points attributes, from the lowest level to the highest
    axes: Sequence[Dot]  # ends of the axes
    labels: Sequence[Label]
    validated: Sequence[str]  # points of each unbroken run
    self_assessed: Sequence[str]
    validated_dots: Sequence[Dot]
    self_dots: Sequence[Dot]
    validated_is_closed: bool
    self_is_closed: bool


def radar(validated: Sequence[float | None], self_assessed: Sequence[float | None], highest: int) -> Radar:
    """The radar of n levels from 1 (the middle is 0) to `highest`; axes start at the top and go clockwise.

    Raises ValueError when the series differ in length: they would be drawn on different axes.
    """
    count = len(validated)
    if len(self_assessed) != count:
        raise ValueError(f"{count} validated levels, but {len(self_assessed)} self-assessed")
    runs = [_runs(series, count, highest) for series in (validated, self_assessed)]
    return Radar(
        rings=[_points([_at(axis, count, ring / highest) for axis in range(count)]) for ring in range(1, highest + 1)],
        axes=[_at(axis, count, 1) for axis in range(count)],
        labels=[_label(axis, count) for axis in range(count)],
        validated=[_points(run) for run in runs[0]],
        self_assessed=[_points(run) for run in runs[1]],
        validated_dots=[dot for run in runs[0] for dot in run],
        self_dots=[dot for run in runs[1] for dot in run],
        validated_is_closed=None not in validated,
        self_is_closed=None not in self_assessed,
    )


def _at(axis: int, count: int, share: float) -> Dot:
    angle = 2 * math.pi * axis / count
    middle = SIZE / 2
    return Dot(round(middle + RADIUS * share * math.sin(angle), 1), round(middle - RADIUS * share * math.cos(angle), 1))


def _label(axis: int, count: int) -> Label:
    dot = _at(axis, count, 1.2)
    return Label(round(dot.x / SIZE * 100, 2), round(dot.y / SIZE * 100, 2))


def _points(dots: Sequence[Dot]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in dots)


def _runs(series: Sequence[float | None], count: int, highest: int) -> list[list[Dot]]:
    """The unbroken runs of a series around the circle; one run of all when nothing is missing."""
    dots = [None if value is None else _at(axis, count, float(value) / highest) for axis, value in enumerate(series)]
    if None not in dots:
        return [[dot for dot in dots if dot]]
    first = dots.index(None)
    runs: list[list[Dot]] = [[]]
    for dot in dots[first:] + dots[:first]:
        if dot is None:
            runs.append([])
        else:
            runs[-1].append(dot)
    return [run for run in runs if run]
