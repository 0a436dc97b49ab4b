"""The radar's geometry in a 400 × 400 drawing, with its labels in percent. Pure; the words stand as HTML over it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CENTRE, RADIUS, LABELS = 200.0, 150.0, 182.0
LEAST_AXES = 3  # fewer make no area


@dataclass(frozen=True)
class Label:
    """Where an axis's label stands over the drawing, in percent of its sides."""

    left: str
    top: str


@dataclass(frozen=True)
class Radar:
    rings: Sequence[str]  # points of polygons, inmost first
    axes: Sequence[tuple[str, str, bool]]  # outer end of each, and whether something has a level on it
    labels: Sequence[Label]
    ticks: Sequence[Label]
    area: str  # path of the validated series, closed through the centre where a level is missing
    own: str
    validated: str
    own_points: Sequence[tuple[str, str]]
    validated_points: Sequence[tuple[str, str]]


def radar(own: Sequence[float | None], validated: Sequence[float | None], levels: int) -> Radar | None:
    """The drawing of two series on the same axes; None for fewer than three axes. A missing level opens the line."""
    count = len(validated)
    if count < LEAST_AXES:
        return None
    validated_points, own_points = _points(validated, levels), _points(own, levels)
    return Radar(
        rings=[" ".join(",".join(_at(axis, count, ring / levels)) for axis in range(count)) for ring in range(1, levels + 1)],
        axes=[(*_at(axis, count, 1), validated[axis] is not None or own[axis] is not None) for axis in range(count)],
        labels=[_label(axis, count, LABELS / RADIUS) for axis in range(count)],
        ticks=[_label(-0.25, count, ring / levels) for ring in range(1, levels + 1)],
        area=_area(validated_points),
        own=_line(own_points),
        validated=_line(validated_points),
        own_points=[point for point in own_points if point],
        validated_points=[point for point in validated_points if point],
    )


def _at(axis: float, count: int, share: float) -> tuple[str, str]:
    angle = 2 * math.pi * axis / count
    return f"{CENTRE + RADIUS * share * math.sin(angle):.1f}", f"{CENTRE - RADIUS * share * math.cos(angle):.1f}"


def _label(axis: float, count: int, share: float) -> Label:
    x, y = _at(axis, count, share)
    return Label(left=f"{float(x) / 4:.1f}%", top=f"{float(y) / 4:.1f}%")


def _points(series: Sequence[float | None], levels: int) -> list[tuple[str, str] | None]:
    return [None if value is None else _at(axis, len(series), value / levels) for axis, value in enumerate(series)]


def _line(points: Sequence[tuple[str, str] | None]) -> str:
    """A path through the points, open where one is missing, closed when none is."""
    if all(points):
        return "M" + " L".join(",".join(point) for point in points if point) + " Z"
    path = []
    for index, point in enumerate(points):
        if point:
            path.append(f"{'L' if points[index - 1] and path else 'M'}{','.join(point)}")
    if points[0] and points[-1]:
        path.append(f"L{','.join(points[0])}")
    return " ".join(path)


def _area(points: Sequence[tuple[str, str] | None]) -> str:
    middle = f"{CENTRE:.0f},{CENTRE:.0f}"
    return "M" + " L".join(",".join(point) if point else middle for point in points) + " Z" if any(points) else ""
